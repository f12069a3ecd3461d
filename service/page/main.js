// Puts the parts of the page together.

import { fetchModel, onTokenNeeded, ServiceError } from "./api.js";
import { showCard } from "./card.js";
import { Comparison } from "./compare.js";
import { CorrectPanel } from "./correct/panel.js";
import { askForToken, startDialogs, startMenus } from "./dialogs.js";
import { byId } from "./dom.js";
import { DownloadPanel } from "./download.js";
import { startIntake } from "./files/intake.js";
import { startList } from "./files/list.js";
import { chooseLanguage, language, loadLanguage, text } from "./language.js";
import { DecoderMenu } from "./measure/decoder.js";
import { MeasurePanel } from "./measure/panel.js";
import { startPipeline } from "./pipeline.js";
import { startReconnecting } from "./reconnect.js";
import { Session } from "./session.js";
import { Stage } from "./stage.js";
import { startTabs } from "./tabs.js";
import { startTheme } from "./theme.js";

const RETRY_MS = 3000;
const MESSAGE_MS = 6000;

let timer = 0;

await loadLanguage();
const session = new Session();
const measure = new MeasurePanel(session);
const decoderMenu = new DecoderMenu(session);
const correct = new CorrectPanel(session, announce);
const downloads = new DownloadPanel(session, announce);
const comparison = new Comparison(session, announce);
const stage = new Stage(session, measure, correct, comparison);
startTheme();
startDialogs();
startMenus();
onTokenNeeded(askForToken);
startList(session);
startIntake(session, (names) => announce(text("intake.refused", { names: names.join(", ") })));
startTabs((tab) => {
  correct.active = tab === "correct";
  session.emit("change");
});
startLanguages();
session.emit("current");
await loadModel();
startPipeline(session);
startReconnecting(session);
session.emit("wake");

async function loadModel() {
  for (;;) {
    try {
      session.model = await fetchModel();
      showCard(session.model);
      session.emit("model");
      await comparison.load();
      return;
    } catch (error) {
      byId("model-name").textContent = text(error instanceof ServiceError && error.code === "loading" ? "model.loading" : "model.unknown");
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

function startLanguages() {
  const choice = /** @type {HTMLSelectElement} */ (byId("language"));
  choice.value = language();
  choice.addEventListener("change", async () => {
    await chooseLanguage(choice.value);
    if (session.model) showCard(session.model);
    for (const kind of /** @type {const} */ (["list", "current", "model"])) session.emit(kind);
    downloads.show();
    comparison.translate();
    decoderMenu.show();
    stage.show();
  });
}


/** @param {string} message */
function announce(message) {
  byId("message").textContent = message;
  clearTimeout(timer);
  timer = window.setTimeout(() => (byId("message").textContent = ""), MESSAGE_MS);
}
