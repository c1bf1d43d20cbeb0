// What the boards do in a browser: the language, the charts with a table of each, sorting, steps of a calculation.
// Everything a page shows lies in the page; nothing is fetched. Texts of exports are set as text, never as markup.
(() => {
  "use strict";
  const root = document.documentElement;
  const kept = {
    get: () => { try { return localStorage.getItem("board-language"); } catch { return null; } },
    set: (value) => { try { localStorage.setItem("board-language", value); } catch { /* a page of the file system */ } },
  };
  const asked = new URLSearchParams(location.search).get("lang");
  let language = [asked, kept.get()].find((one) => one === "en" || one === "zh") || "zh";

  const element = (name, text = "", attributes = {}) => {
    const made = document.createElement(name);
    if (text !== "") made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  const both = (zh, en) => {
    const span = element("span");
    span.append(element("span", zh || en, { lang: "zh-CN" }), element("span", en || zh, { lang: "en" }));
    return span;
  };
  const word = (key) => WORDS[key] || { zh: key, en: key };
  const WORDS = window.BOARD_WORDS || {};

  // The language

  function speak(chosen) {
    language = chosen;
    root.dataset.language = chosen;
    root.lang = chosen === "zh" ? "zh-CN" : "en";
    const title = document.querySelector("title");
    document.title = title.dataset[chosen] || document.title;
    for (const button of document.querySelectorAll(".language button"))
      button.setAttribute("aria-pressed", String(button.value === chosen));
    for (const one of document.querySelectorAll("[data-label-zh]"))
      one.setAttribute("aria-label", one.dataset[chosen === "zh" ? "labelZh" : "labelEn"]);
    for (const option of document.querySelectorAll("option[data-zh]")) option.textContent = option.dataset[chosen];
    drawAll();
  }

  // Charts

  const islands = new Map();
  const island = (figure) => {
    if (!islands.has(figure)) {
      const said = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
      said.data = said.rows.map((row) => Object.fromEntries(said.columns.map((name, at) => [name, row[at]])));
      islands.set(figure, said);
    }
    return islands.get(figure);
  };
  const colour = (name) => getComputedStyle(root).getPropertyValue(name).trim();

  // A specification is whole but for {zh, en}, {css: name of a colour} and {said: what the page says}.
  function filled(spec, said) {
    if (Array.isArray(spec)) return spec.map((one) => filled(one, said));
    if (spec === null || typeof spec !== "object") return spec;
    const keys = Object.keys(spec);
    if (keys.length === 2 && "zh" in spec && "en" in spec) return spec[language];
    if (keys.length === 1 && "css" in spec) return colour(spec.css);
    if (keys.length === 1 && "said" in spec) return said[spec.said];
    return Object.fromEntries(keys.map((key) => [key, filled(spec[key], said)]));
  }

  const config = () => {
    const [ink, quiet, rule] = ["--ink", "--quiet", "--rule"].map(colour);
    const font = getComputedStyle(document.body).fontFamily;
    return {
      background: null, font, aria: false, view: { stroke: null },
      axis: { labelColor: quiet, titleColor: quiet, gridColor: rule, domainColor: rule, tickColor: rule, labelFontSize: 12,
        titleFontSize: 12, titleFontWeight: "normal", labelPadding: 6 },
      legend: { labelColor: quiet, titleColor: quiet, labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal" },
      text: { color: ink, fontSize: 12 }, header: { labelColor: ink, titleColor: quiet },
    };
  };

  const localised = (row) => {
    const out = { ...row };
    for (const key of Object.keys(row))
      if (key.endsWith("_" + language)) out[key.slice(0, -3)] = row[key];
    return out;
  };

  async function draw(figure) {
    const said = island(figure), picked = {};
    let data = said.data;
    for (const select of figure.querySelectorAll(".pick select")) {
      picked[select.name] = select.value;
      if (select.dataset.filters === "true") data = data.filter((row) => String(row[select.name]) === select.value);
    }
    const format = (said.formats || {})[picked[said.format_by]] || said.format || ",.2~f";
    const says = { ...said.says };
    // A narrow window leaves the numbers behind the bars less room.
    if (innerWidth < 640 && "top" in says) says.most = says.top + 0.9 * (says.top - says.least || 1);
    const tall = 46 + 30 * new Set(data.map((row) => row.position ?? row.scheme_zh)).size;
    const holder = figure.querySelector(".chart");
    try {
      const spec = filled(window.BOARD_CHARTS[figure.dataset.chart], { ...says, ...picked, format, tall });
      spec.data = { values: data.map(localised) };
      await vegaEmbed(holder, spec, { actions: false, renderer: "svg", config: config(), tooltip: { theme: "custom" } });
      // The label and the table beside it say what it shows; of its marks there would be hundreds.
      holder.querySelector("svg").setAttribute("aria-hidden", "true");
      figure.dataset.drawn = "true";
    } catch (error) {
      figure.dataset.drawn = "failed";
      console.error(error);
    }
    fillTable(figure, said, data);
  }

  const drawn = (figure) => { figure.turn = (figure.turn || Promise.resolve()).then(() => draw(figure)); };
  const drawAll = () => document.querySelectorAll("figure[data-chart]").forEach(drawn);

  function addPicks(figure) {
    const said = island(figure);
    if (!said.picks || !said.picks.length) return;
    const place = element("div", "", { class: "pick" });
    for (const pick of said.picks) {
      const label = element("label"), select = element("select", "", { name: pick.name, "data-filters": String(pick.filters) });
      const text = both(word(pick.word).zh, word(pick.word).en);
      for (const [value, zh, en] of pick.options) {
        const option = element("option", language === "zh" ? zh : en, { value, "data-zh": zh, "data-en": en });
        select.append(option);
      }
      select.value = pick.chosen;
      select.addEventListener("change", () => drawn(figure));
      label.append(text, " ", select);
      place.append(label);
    }
    figure.querySelector(".chart").before(place);
  }

  const shown = (value) => typeof value === "number" ? value.toLocaleString("en-US", { maximumFractionDigits: 4 }) : (value ?? "–");

  function fillTable(figure, said, data) {
    const table = figure.querySelector("details.data table");
    if (!table) return;
    const head = element("thead"), body = element("tbody"), row = element("tr");
    for (const [, zh, en] of said.titles) {
      const cell = element("th", "", { scope: "col" });
      cell.append(both(zh, en));
      row.append(cell);
    }
    head.append(row);
    for (const one of data.map(localised)) {
      const line = element("tr");
      for (const [name] of said.titles) {
        const value = one[name];
        line.append(element("td", shown(value), typeof value === "number" ? { class: "num" } : {}));
      }
      body.append(line);
    }
    table.replaceChildren(head, body);
  }

  // Tables that are sorted by a press on their heads

  function sortable(table) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((cell, at) => {
      const button = element("button", "", { type: "button" });
      button.append(...cell.childNodes);
      cell.append(button);
      button.addEventListener("click", () => {
        const way = cell.getAttribute("aria-sort") === "descending" ? "ascending" : "descending";
        heads.forEach((one) => one.removeAttribute("aria-sort"));
        cell.setAttribute("aria-sort", way);
        const key = (line) => {
          const given = line.cells[at].dataset.sort ?? line.cells[at].textContent.trim();
          const number = given === "" ? NaN : Number(given);
          return Number.isNaN(number) ? given : number;
        };
        const compare = (a, b) => {
          const [x, y] = [key(a), key(b)];
          if (typeof x !== typeof y) return typeof x === "number" ? -1 : 1;
          const order = typeof x === "number" ? x - y : x.localeCompare(y, "zh");
          return way === "ascending" ? order : -order;
        };
        table.tBodies[0].append(...[...table.tBodies[0].rows].sort(compare));
      });
    });
  }

  // The steps of a calculation, opened where they are asked for

  function steps(details) {
    if (details.querySelector("ul.trace")) return;
    const rows = JSON.parse(document.getElementById(details.dataset.steps).textContent);
    const children = new Map();
    for (const row of rows) children.set(row[1], [...(children.get(row[1]) || []), row]);
    const branch = (parent) => {
      const list = element("ul", "", { class: "trace" });
      for (const [no, , en, zh, value, reasonEn, reasonZh, clause, isChosen] of children.get(parent) || []) {
        const item = element("li", "", isChosen === false ? { class: "not" } : {});
        item.append(both(zh, en));
        if (value !== null && value !== "") item.append(" ", element("strong", value));
        if (clause) item.append(" ", element("span", clause, { class: "id" }));
        if (reasonEn || reasonZh) { const why = both(reasonZh, reasonEn); why.className = "bad"; item.append(" ", why); }
        if (children.has(no)) item.append(branch(no));
        list.append(item);
      }
      return list;
    };
    details.append(branch(Number(details.dataset.from)));
  }

  for (const details of document.querySelectorAll("details[data-steps]"))
    details.addEventListener("toggle", () => { if (details.open) steps(details); });
  for (const button of document.querySelectorAll(".language button"))
    button.addEventListener("click", () => { kept.set(button.value); speak(button.value); });
  document.querySelectorAll("figure[data-chart]").forEach(addPicks);
  document.querySelectorAll("table.sortable").forEach(sortable);
  for (const query of ["(prefers-color-scheme: dark)", "print"]) matchMedia(query).addEventListener("change", drawAll);
  let width = innerWidth;
  addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; drawAll(); } });
  speak(language);
})();
