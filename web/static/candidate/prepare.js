/** Wires what stands between the notice and the first question into the room's view. */

import { ConnectionCheck } from "./connection_check.js";
import { DeviceCheck } from "./device_check.js";
import { ExpectationsView } from "./expectations_view.js";
import { PracticeView } from "./practice_view.js";

/**
 * @param {Document} document
 * @param {import("./view.js").RoomView} view
 * @param {() => void} goBack to the screen before
 */
export function addPreparation(document, view, goBack) {
  const { texts, devices, screens, streamViews } = view;
  const connection = new ConnectionCheck(document, texts);
  const deviceCheck = new DeviceCheck(document, texts);
  const practice = new PracticeView(document, texts);
  screens.set("devices", {
    render(flow, interview) {
      devices.render(flow, interview);
      connection.start(interview.ice_servers);
    },
  });
  screens.set("expectations", new ExpectationsView(document, texts)).set("practice", practice);
  streamViews.push(deviceCheck, practice);
  for (const button of document.querySelectorAll("[data-go-on], [data-go-back]")) {
    // Whatever was recorded for oneself is gone as soon as one goes on.
    button.addEventListener("click", () => [deviceCheck, practice].forEach(({ sample }) => sample.forget()));
  }
  for (const button of document.querySelectorAll("[data-go-back]")) button.addEventListener("click", goBack);
}
