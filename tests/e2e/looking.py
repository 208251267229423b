"""What every page is looked at for in a browser."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

AXE_RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def find_violations(page: Page) -> list[str]:
    results = Axe().run(page, options=AXE_RULES)
    return [
        f"{violation['id']}: {node['html']} {node['failureSummary']}"
        for violation in results.response["violations"]
        for node in violation["nodes"]
    ]


def find_small_targets(page: Page) -> list[str]:
    """Return what is to be tapped and lower than 44 pixels."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("a, button, input, select, summary")]
            .filter((one) => one.offsetParent !== null && !one.matches(".skip, .visually-hidden"))
            .map((one) => [(one.labels?.[0] && one.matches("[type=checkbox], [type=radio]")
                ? one.labels[0] : one).getBoundingClientRect(), one])
            .filter(([box, one]) => getComputedStyle(one).display !== "inline"
                && box.height > 0 && box.height < 44 && !one.closest(".list"))
            .map(([box, one]) => one.outerHTML.slice(0, 80) + box.height)"""
    )
    return found


def find_cut_text(page: Page) -> list[str]:
    """Return what hides a part of its text where readers space their lines and letters."""
    page.evaluate(
        """() => {
            const sheet = new CSSStyleSheet();
            sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
                word-spacing: 0.16em !important; } p { margin-bottom: 2em !important; }`);
            document.adoptedStyleSheets = [sheet];
        }"""
    )
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("main *, header *")].filter((one) => {
            const style = getComputedStyle(one);
            return style.overflow === "hidden" && !one.classList.contains("visually-hidden")
                && one.scrollHeight > one.clientHeight + 1;
        }).map((one) => one.outerHTML.slice(0, 80))"""
    )
    page.evaluate("document.adoptedStyleSheets = []")
    return found


def walk_by_keyboard(page: Page) -> None:
    """Go through the page with Tab: at each stop one sees where one is."""
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    for _ in range(60):
        page.keyboard.press("Tab")
        state = page.evaluate(
            """() => {
                const one = document.activeElement;
                if (one === document.body) return null;
                const seen = one.matches(".tile > input, .chip > input") ? one.nextElementSibling : one;
                const outline = [getComputedStyle(seen), getComputedStyle(seen, "::after")]
                    .some((style) => parseFloat(style.outlineWidth) >= 3
                        && style.outlineStyle !== "none");
                const box = seen.getBoundingClientRect();
                const middle = (Math.max(box.top, 0) + Math.min(box.bottom, innerHeight)) / 2;
                const top = document.elementFromPoint(box.x + box.width / 2, middle);
                return {
                    outline,
                    isOnScreen: box.bottom > 0 && box.top < innerHeight,
                    isSeen: top !== null && (seen.contains(top) || top.contains(seen)
                        || top === one),
                    html: one.outerHTML.slice(0, 100),
                };
            }"""
        )
        if state is None:
            break
        assert state["outline"], state
        assert state["isOnScreen"], state
        assert state["isSeen"], state
