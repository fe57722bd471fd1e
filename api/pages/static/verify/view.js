/** Reports as elements of the page. Text goes in as text: nothing from a file is ever taken for markup. */

/** @typedef {import("./verify.js").Report} Report */
/** @typedef {import("./texts.js").Texts} Texts */

const SIGNS = {
  verified: "M4 12.5 9.5 18 20 6.5",
  refuted: "M5 5 19 19M19 5 5 19",
  uncheckable: "M12 4v10M12 18.2v.3",
};

/**
 * A report on one file, as a section.
 *
 * @param {Report} report @param {Texts} texts @param {"zh" | "en"} language @returns {HTMLElement}
 */
export function reportSection(report, texts, language) {
  const section = element("section", `report ${report.verdict}`);
  const verdict = element("p", "verdict");
  verdict.append(sign(report.verdict), element("span", "", texts[report.verdict]));
  const name = element("h2", "file");
  name.append(element("code", "", report.name), element("span", "tag normal", texts[report.kind]));
  section.append(name, verdict);
  if (report.why !== null) section.append(element("p", "reason", report.why[language]));
  if (report.steps.length > 0) section.append(stepList(report, texts, language));
  if (report.said.length > 0) section.append(element("h3", "", texts.said), saidList(report, language));
  if (report.verdict === "verified") section.append(element("p", "always", texts.always));
  if (report.notShown.length > 0) {
    const list = element("ul", "not-shown");
    for (const remark of report.notShown) list.append(element("li", "", remark[language]));
    section.append(element("h3", "", texts.notShown), list);
  }
  return section;
}

/** @param {Report} report @param {Texts} texts @param {"zh" | "en"} language */
function stepList({ steps }, texts, language) {
  const list = element("ol", "steps");
  for (const step of steps) {
    const item = element("li", "", step[language]);
    const key = step.key === null ? "" : ` · ${texts.key} ${step.key.slice(0, 16)}…`;
    item.append(element("small", "", `${texts.basis}: ${texts[step.source]}${key}`));
    list.append(item);
  }
  return list;
}

/** @param {Report} report @param {"zh" | "en"} language */
function saidList({ said }, language) {
  const list = element("dl", "said");
  for (const one of said) list.append(element("dt", "", one[language]), element("dd", "", one.value));
  return list;
}

/** @param {keyof typeof SIGNS} verdict */
function sign(verdict) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", SIGNS[verdict]);
  svg.append(path);
  return svg;
}

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name @param {string} [className] @param {string} [said] @returns {HTMLElementTagNameMap[Name]}
 */
export function element(name, className = "", said = "") {
  const made = document.createElement(name);
  if (className !== "") made.className = className;
  if (said !== "") made.textContent = said;
  return made;
}
