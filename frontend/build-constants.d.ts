// The constants in the phone's source that build.mjs replaces with values.

/** True if the build is phone.full.js, which has its chunks inside. */
declare const IS_SINGLE_FILE: boolean;
/** The file name of the voice SDK's chunk. */
declare const SDK_FILE: string;
/** Chunk name to the hash in the chunk's file name, `<name>-<hash>.js`. */
declare const CHUNK_HASHES: Record<string, string>;
