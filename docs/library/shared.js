// What the three example sites have in common: a box for words, a list of what is found, a switch for the similarity layer, and the
// picture of what is clicked. Each site brings its map as four functions:
//   show(markers)        puts markers, `{ lngLat, element }`, on the map in the place of those before
//   go(bounds)           looks there
//   lay(canvas, bounds)  lays a picture over the map
//   lift()               takes it off

const found = (id) => document.getElementById(id);

function make(name, className, text = "") {
  const made = Object.assign(document.createElement(name), { className });
  made.textContent = text;
  return made;
}

/** Says in the page how far the loading is. */
export function loading({ loaded, total, preparing }) {
  const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
  found("said").textContent = preparing ? "Preparing …" : `Loading ${megabytes(loaded)} of ${megabytes(total)} MB …`;
}

/** Says in the page what went wrong. */
export function failed(error) {
  if (error.name !== "AbortError") found("said").textContent = error.message;
}

/** The site, with an area that is open, a map, and the library's `paintLayer`. */
export function site({ area, map, paintLayer }) {
  let asked = null;
  let before = new AbortController();
  let said = "";
  const say = (text = said) => (found("said").textContent = said = text);
  say(`${area.manifest.title}: ${area.manifest.count} places${area.manifest.synthetic ? ", drawn by a program" : ""}.`);
  found("examples").replaceChildren(...area.manifest.examples.map((words) => Object.assign(make("option"), { value: words })));

  // Searches for something; what was searched for before does not matter any more.
  async function search(ask) {
    before.abort();
    before = new AbortController();
    const { signal } = before;
    say("Searching …");
    const hits = await area.search(ask, { limit: 20, signal });
    asked = ask;
    list(hits);
    await layer(signal);
  }

  function list(hits) {
    const shown = hits.map((hit, at) => {
      const row = make("li", hit.likely === false ? "hit unlikely" : "hit");
      const button = make("button", "", hit.address ?? hit.place ?? hit.id);
      button.append(make("span", "mark", `${Math.round(hit.mark * 100)} %`));
      row.dataset.id = hit.id;
      row.append(button);
      const element = make("button", "marker", `${at + 1}`);
      element.title = hit.id;
      for (const pressed of [button, element]) pressed.onclick = () => show(hit).catch(failed);
      return { row, marker: { lngLat: hit.lngLat, element } };
    });
    found("hits").replaceChildren(...shown.map(({ row }) => row));
    map.show(shown.map(({ marker }) => marker).filter(({ lngLat }) => lngLat));
    const likely = hits.filter((hit) => hit.likely).length;
    say(hits.likelyFrom === null ? `${hits.length} found.` : `${hits.length} found, ${likely} of them likely right.`);
  }

  async function show(hit) {
    if (hit.bounds) map.go(hit.bounds);
    const blob = await area.picture(hit.id, { pixels: 512 });
    const image = found("picture").querySelector("img");
    URL.revokeObjectURL(image.src);
    image.src = URL.createObjectURL(blob);
    image.alt = hit.id;
    const words = [hit.address, hit.place, hit.date].filter(Boolean);
    found("picture").querySelector("p").textContent = words.join(", ") || hit.id;
    found("picture").hidden = false;
    say();
  }

  async function layer(signal) {
    map.lift();
    delete found("map").dataset.layer;
    if (!found("layer").checked || !asked) return;
    const painted = await area.layer(asked, { signal });
    if (!found("layer").checked) return;
    map.lift();
    map.lay(paintLayer(painted, { from: 0.1 }), painted.bounds);
    found("map").dataset.layer = `${painted.columns} x ${painted.rows}`;
    say();
  }

  found("ask").onsubmit = (event) => {
    event.preventDefault();
    search(new FormData(event.target).get("words")).catch(failed);
  };
  found("file").onchange = ({ target }) => {
    if (target.files[0]) search({ picture: target.files[0] }).catch(failed);
  };
  found("layer").onchange = () => layer(before.signal).catch(failed);
  found("close").onclick = () => (found("picture").hidden = true);
}
