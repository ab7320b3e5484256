"""The ways in which tag managers, optimisers and consent managers put a pasted tag into a page, as page scripts."""

RUN_COPIES = """function runCopies(selector, source) {
    for (const held of document.querySelectorAll(selector)) {
        const script = document.createElement("script");
        for (const { name, value } of held.attributes) {
            if (name !== "type") script.setAttribute(name === source ? "src" : name, value);
        }
        held.replaceWith(script);
    }
}"""
"""Optimisers and consent managers hold a tag back under another type, and run a copy of it with its attributes.

``source`` is the attribute that has the address meanwhile.
"""
TAG_MANAGER = """function insertAsTagManager(pasted) {
    const container = document.createElement("div");
    container.innerHTML = pasted;
    for (const found of container.querySelectorAll("script")) {
        const script = document.createElement("script");
        script.async = false;
        script.type = "text/javascript";
        script.id = found.id;
        script.text = found.text;
        if (found.getAttribute("src")) script.src = found.getAttribute("src");
        document.body.append(script);
    }
}"""
"""Google Tag Manager makes new script elements of Custom HTML, with these properties of the pasted ones alone."""


def in_script(html: str) -> str:
    """``html`` as a string in an inline script."""
    escaped = html.replace("\\", "\\\\").replace("`", "\\`").replace("${", "\\${").replace("</", "<\\/")
    return f"`{escaped}`"
