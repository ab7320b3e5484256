"""Scripts for test pages that insert a script tag as tag managers, optimisers and consent managers do."""

RUN_COPIES = """function runCopies(selector, source) {
    for (const held of document.querySelectorAll(selector)) {
        const script = document.createElement("script");
        for (const { name, value } of held.attributes) {
            if (name !== "type") script.setAttribute(name === source ? "src" : name, value);
        }
        held.replaceWith(script);
    }
}"""
"""As optimisers and consent managers: a tag has another type until they run a copy of it with its attributes.

``source`` is the attribute that contains the URL until then.
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
"""As Google Tag Manager: it makes new script elements from Custom HTML and copies these properties only."""


def in_script(html: str) -> str:
    """``html`` as a string in an inline script."""
    escaped = html.replace("\\", "\\\\").replace("`", "\\`").replace("${", "\\${").replace("</", "<\\/")
    return f"`{escaped}`"
