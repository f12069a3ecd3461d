"""What the page adds to the time of the service, from the drop of an image to its boundary on the screen."""

import numpy as np
from scipy.ndimage import gaussian_filter

from tests.service.page.world import opened, serving
from tests.service.world import Brightness, png_of

_SECTION = gaussian_filter(np.random.default_rng(0).random((1024, 1024)), 3)

#: Drops the section; returns the milliseconds until it is drawn, without those of the request for it.
_DROP = """async () => {
    const requests = [];
    const watch = new PerformanceObserver((list) => requests.push(...list.getEntries()));
    watch.observe({ type: "resource" });
    const transfer = new DataTransfer();
    transfer.items.add(new File([window.section], "section.png", { type: "image/png" }));
    const started = performance.now();
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true }));
    [...document.querySelectorAll("#list .open")].at(-1).click();
    const shown = () => document.querySelector("#list li:last-child").matches(".shown, .ready, .failed");
    await new Promise((resolve) => {
        const look = () => (shown() ? setTimeout(resolve) : requestAnimationFrame(look));
        look();
    });
    const drawn = performance.now() - started;
    await new Promise((resolve) => setTimeout(resolve, 200));
    const asked = requests.find((each) => each.name.includes("format=view"));
    return drawn - (asked.responseEnd - asked.requestStart);
}"""


class Smooth(Brightness):
    def probabilities(self, image, tta=False, before_tile=None):
        return ((image / 255) ** 3).astype(np.float32)[None]


def test_a_section_of_1024_pixels_costs_the_browser_little_beside_the_service(browser):
    """Work is told as time of the CPU, which depends little on what else the machine does."""
    section = png_of((255 * (_SECTION - _SECTION.min()) / np.ptp(_SECTION)).astype(np.uint8))
    with serving(Smooth()) as url:
        page = opened(browser, url)
        page.route("**/predict?format=zip*", lambda route: route.abort())  # the cells come later
        page.evaluate("(bytes) => { window.section = new Uint8Array(bytes); }", list(section))
        monitor = browser.new_browser_cdp_session()

        def work_s() -> float:
            processes = monitor.send("SystemInfo.getProcessInfo")["processInfo"]
            return sum(each["cpuTime"] for each in processes)

        added_ms, cpu_s = [], []
        for _ in range(6):
            before = work_s()
            added_ms.append(page.evaluate(_DROP))
            cpu_s.append(work_s() - before)
        assert page.locator("#list li").count() == 6
        print(f"added, in ms: {np.round(added_ms)}; CPU, in s: {np.round(cpu_s, 2)}")
        assert min(cpu_s) < 0.8, (added_ms, cpu_s)
        page.context.close()
