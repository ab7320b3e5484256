"""The audio players in the dashboard's list of voicemails: every control has enough contrast, in Chromium."""

import base64
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from support.browser.contexts import open_context
from support.browser.product import Product
from support.full_tenant import make_full_tenant

pytestmark = pytest.mark.anyio
LEAST_CONTRAST = 3
_CONTRASTS = """async (picture) => {
    const bytes = Uint8Array.from(atob(picture), (character) => character.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const { width, height } = bitmap;
    const context = new OffscreenCanvas(width, height).getContext("2d");
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    const light = (x, y) => {
        const [red, green, blue] = [0, 1, 2]
            .map((part) => data[4 * (y * width + x) + part] / 255)
            .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const contrast = (one, two) => (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    // Left of the first control, and on the line of all of them.
    const ground = light(8, Math.round(height / 2));
    const columns = [];
    for (let x = 10; x < width - 10; x++) {
        let most = 1;
        for (let y = Math.round(height / 4); y < (height * 3) / 4; y++)
            most = Math.max(most, contrast(light(x, y), ground));
        columns.push(most);
    }
    // The most of each control: a control is columns side by side in which something is drawn.
    const controls = [];
    let isDrawn = false;
    for (const most of columns) {
        if (most < 1.2) isDrawn = false;
        else if (isDrawn) controls[controls.length - 1] = Math.max(controls[controls.length - 1], most);
        else isDrawn = controls.push(most) > 0;
    }
    return controls;
}"""


@pytest.fixture
async def page(headless_shell: Browser, product: Product) -> AsyncIterator[Page]:
    full = await make_full_tenant(product.database, product.make)
    async with open_context(headless_shell, product, full.tenant.owner) as context:
        page = await context.new_page()
        await page.goto(f"/dashboard/{full.tenant.organization.slug}/voicemails")
        yield page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
async def test_every_control_of_a_player_has_enough_contrast(page: Page, scheme: str, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 800})
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    player = page.locator("audio").first
    await expect(player).to_be_visible()
    picture = base64.b64encode(await player.screenshot()).decode()
    controls = await page.evaluate(_CONTRASTS, picture)
    assert len(controls) >= 2, controls
    assert min(controls) >= LEAST_CONTRAST, controls
