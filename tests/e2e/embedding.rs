//! The search in somebody else's page: hosts on another origin, with a strict policy, with hostile styles and senders.
//!
//! The host pages are those of `docs/embed/`, handed out by a small server of the test with the page's address put in.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result};
use clip_rs_tests::{Artifacts, Chromium, Page, Site};
use serde_json::Value;

use crate::{DESKTOP, expect_quiet};

/// The page's address in the examples.
const EXAMPLE: &str = "https://maps.example";
/// A host's page with one element that is called `widget`; what is in the braces is of its tag.
const ONE: &str = r#"<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Host</title>
<script type="module" src="https://maps.example/embed/clip-rs-search.js"></script>
<clip-rs-search id="widget" {}></clip-rs-search>"#;

/// In every document before its own scripts: the host notes the element's events, the frame tells what it looks like.
const NOTES: &str = r#"
if (window === top) {
  window.said = [];
  for (const type of ['ready', 'results', 'select', 'error']) {
    document.addEventListener(type, ({ target, detail }) => {
      if (target.localName === 'clip-rs-search') said.push({ of: target.id, type, kind: detail.kind, detail });
    }, true);
  }
  window.look = (element) => new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => resolve(data);
    element.shadowRoot.querySelector('iframe').contentWindow.postMessage('look', '*', [port2]);
  });
} else {
  addEventListener('message', ({ data, ports }) => {
    if (data !== 'look') return;
    const map = document.querySelector('.map');
    const roll = (keys) => {
      const event = new WheelEvent('wheel', { bubbles: true, cancelable: true, deltaY: 1, ...keys });
      map.dispatchEvent(event);
      return event.defaultPrevented;
    };
    const edges = map.getBoundingClientRect();
    const inside = [...document.querySelectorAll('[data-testid=footprint]')].filter((footprint) => {
      const { left, right, top, bottom } = footprint.getBoundingClientRect();
      return left >= edges.left && right <= edges.right && top >= edges.top && bottom <= edges.bottom;
    });
    const root = document.documentElement;
    ports[0].postMessage({
      takesWheel: roll({}),
      takesWheelWithCtrl: roll({ ctrlKey: true }),
      hint: document.querySelector('[data-testid=map-hint]')?.textContent ?? null,
      touch: getComputedStyle(map).touchAction,
      footprints: inside.length,
      theme: root.dataset.theme ?? null,
      accent: root.style.getPropertyValue('--accent'),
      radius: getComputedStyle(document.querySelector('.primary')).borderRadius,
      scrolls: root.scrollHeight > innerHeight,
    });
  });
}"#;

/// A host's site on a port of its own.
struct Host {
    address: SocketAddr,
    page: Page,
    chromium: Chromium,
    site: Site,
}

impl Host {
    /// Serves the page, lets the host frame it, and opens a page of the host's: an example, or a text of the test's.
    fn open(name: &str, text: Option<String>) -> Result<Self> {
        Self::open_with(name, text, &[])
    }

    /// The same with more words on the command line of the page's server.
    fn open_with(name: &str, text: Option<String>, words: &[&str]) -> Result<Self> {
        let artifacts = Artifacts::from_env()?;
        let listener = TcpListener::bind("127.0.0.1:0").context("binding the host's server")?;
        let address = listener.local_addr()?;
        let origin = format!("http://{address}");
        let site = Site::start_with(
            &artifacts,
            &artifacts.catalog,
            &[["--embed-from", origin.as_str()].as_slice(), words].concat(),
        )?;
        let page_origin = site.url("").trim_end_matches('/').to_owned();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A connection that the browser drops half way is no fault of the host's.
                let _dropped = answer(client, &page_origin, text.as_deref());
            }
        });
        let chromium = Chromium::start(&artifacts, &site)?;
        chromium.recorder().also_pass(address);
        let page = chromium.open("about:blank", DESKTOP.0, DESKTOP.1)?;
        page.before_load(NOTES)?;
        page.go(&format!("{origin}/{name}"))?;
        Ok(Self { address, page, chromium, site })
    }

    /// A page with one element whose tag has these attributes.
    fn with_one(attributes: &str) -> Result<Self> {
        Self::open("one.html", Some(ONE.replace("{}", attributes)))
    }

    /// Waits until the element called `of` has told of an event for which the JavaScript condition on `note` holds.
    fn wait_for(&self, of: &str, kind: &str, condition: &str) -> Result<()> {
        let heard =
            format!("said.some((note) => note.of === '{of}' && note.type === '{kind}' && ({condition}))");
        self.page.wait_until(&format!("{of} tells of {kind}"), &heard)
    }
}

/// Answers one request with a file of the examples, the element's script, or `text`.
fn answer(mut client: TcpStream, page_origin: &str, text: Option<&str>) -> Result<()> {
    let mut lines = BufReader::new(client.try_clone()?).lines();
    let request = lines.next().context("a request")??;
    while !lines.next().context("a header")??.is_empty() {}
    let name = request.split(' ').nth(1).unwrap_or_default().trim_start_matches('/');
    let content = match (name, text) {
        ("favicon.ico", _) => Some(String::new()),
        (_, Some(text)) => Some(text.to_owned()),
        _ => std::fs::read_to_string(file(name)).ok(),
    };
    let (status, content) = content.map_or(("404 Not Found", String::new()), |content| ("200 OK", content));
    let content = content.replace(EXAMPLE, page_origin);
    let kind = match name.rsplit('.').next() {
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("ico") => "image/x-icon",
        _ => "text/html; charset=utf-8",
    };
    let length = content.len();
    write!(
        client,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{content}"
    )?;
    Ok(())
}

fn file(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    match name {
        "clip-rs-search.js" => root.join("app/embed").join(name),
        _ => root.join("docs/embed").join(name.replace('/', "")),
    }
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn two_widgets_search_each_by_itself_and_the_second_only_when_it_is_scrolled_to() -> Result<()> {
    let host = Host::open("two-widgets.html", None)?;
    let page = &host.page;
    host.wait_for("river", "ready", "note.detail.items > 0 && note.detail.synthetic")?;
    host.wait_for("river", "results", "note.detail.state === 'results'")?;
    let frames = "[...document.querySelectorAll('clip-rs-search')].map((e) => e.shadowRoot.querySelectorAll('iframe').length)";
    assert_eq!(page.eval::<[u32; 2]>(frames)?, [1, 0], "only what is in sight is loaded");
    page.click("#ask button")?;
    host.wait_for("river", "select", "note.detail.item !== null")?;
    let far: bool = page.eval(
        "said.filter((n) => n.type === 'results').at(-1).detail.items.every((i) => i.lng > i.footprint[0] && i.lng < i.footprint[2] \
         && i.lat > i.footprint[1] && i.lat < i.footprint[3] && i.mark >= 0 && i.mark <= 1 && i.id)",
    )?;
    assert!(far, "every result says where it is");
    page.eval::<Value>("pools.scrollIntoView()")?;
    host.wait_for("pools", "results", "note.detail.state === 'results'")?;
    page.wait_until("it is as high as its content", "pools.getBoundingClientRect().height > 600")?;
    let looks: Value = page.eval("look(pools)")?;
    assert_eq!((&looks["accent"], &looks["theme"]), (&"#7a1f5c".into(), &"light".into()), "{looks}");
    assert_eq!((&looks["radius"], &looks["scrolls"]), (&"2px".into(), &false.into()), "{looks}");
    let other: Value = page.eval("look(river)")?;
    assert_eq!(other["accent"], "", "the first one has the page's own colours: {other}");
    expect_quiet(&host.chromium);
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_strict_policy_needs_no_exception_but_the_frame() -> Result<()> {
    let host = Host::open("strict-policy.html", None)?;
    host.page.wait_until(
        "the best result is told",
        "/^-?\\d+\\.\\d+, /.test(document.querySelector('output').textContent)",
    )?;
    let height = "document.querySelector('clip-rs-search').shadowRoot.querySelector('iframe').getBoundingClientRect().height";
    assert_eq!(host.page.eval::<f64>(height)?, 560.0, "the element's own styles hold");
    // What a policy refuses is written to the console.
    expect_quiet(&host.chromium);
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn hostile_styles_stay_outside() -> Result<()> {
    let host = Host::open("hostile-styles.html", None)?;
    host.wait_for("", "results", "note.detail.state === 'results'")?;
    let edges = "(() => { const e = document.querySelector('clip-rs-search').shadowRoot.querySelector('iframe'); \
                 const { width, height } = e.getBoundingClientRect(); return [width, height, getComputedStyle(e).borderTopWidth]; })()";
    let (width, height, border): (f64, f64, String) = host.page.eval(edges)?;
    assert!(width > 700.0, "it is {width} wide");
    assert_eq!((height, border.as_str()), (500.0, "0px"));
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_host_searches_selects_sets_an_area_and_gives_a_picture() -> Result<()> {
    let host = Host::with_one("")?;
    let page = &host.page;
    let results: Value = page.eval("widget.search('storage tanks')")?;
    assert_eq!(results["state"], "results", "{results}");
    let id = results["items"][1]["id"].as_str().context("a second result")?.to_owned();
    let item: Value = page.eval(&format!("widget.select('{id}')"))?;
    assert_eq!(item["id"], id.as_str());
    host.wait_for("widget", "select", &format!("note.detail.item.id === '{id}'"))?;
    let area = "(() => { const [w, s, e, n] = said.filter((n) => n.type === 'select').at(-1).detail.item.footprint; \
                return { type: 'Polygon', coordinates: [[[w, s], [e, s], [e, n], [w, n], [w, s]]] }; })()";
    let within: Value = page.eval(&format!("widget.setArea({area})"))?;
    assert_eq!(within["items"].as_array().map(Vec::len), Some(1), "one item lies there: {within}");
    assert_eq!(within["items"][0]["id"], id.as_str());
    let everywhere: Value = page.eval("widget.setArea(null)")?;
    assert_eq!(everywhere["items"].as_array().map(Vec::len), results["items"].as_array().map(Vec::len));
    let picture = "(() => { const canvas = document.createElement('canvas'); canvas.width = canvas.height = 64; \
                   const context = canvas.getContext('2d'); context.fillStyle = 'green'; context.fillRect(0, 0, 64, 64); return canvas; })()";
    page.eval::<Value>("widget.search('')")?;
    let alike: Value = page.eval(&format!("widget.addPicture({picture}, 'a green field')"))?;
    assert_eq!((&alike["state"], &alike["chances"]), (&"results".into(), &false.into()), "{alike}");
    for (wrong, kind) in [
        ("widget.select('no such item')", "request"),
        ("widget.setArea({ type: 'Point', coordinates: [0, 0] })", "request"),
        ("widget.search('a'.repeat(501))", "request"),
        ("widget.addPicture(new Blob(['no picture']))", "picture"),
        ("widget.addPicture('https://elsewhere.example/a.jpg')", "request"),
    ] {
        let error: Value =
            page.eval(&format!("{wrong}.then(() => null, ({{ kind, message }}) => ({{ kind, message }}))"))?;
        assert_eq!(error["kind"], kind, "{wrong}: {error}");
        assert!(error["message"].as_str().is_some_and(|message| message.len() > 20), "{wrong}: {error}");
    }
    let gone: Value = page.eval("(() => { const asked = widget.search('a road'); widget.remove(); return asked.catch((e) => e.kind); })()")?;
    assert_eq!(gone, "gone");
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn attributes_and_properties_are_one() -> Result<()> {
    let host = Host::with_one(r#"query="a golf course" theme="dark""#)?;
    let page = &host.page;
    host.wait_for("widget", "results", "note.detail.items.length > 0")?;
    assert_eq!(page.eval::<Value>("look(widget)")?["theme"], "dark");
    let heard: u32 = page.eval("said.length")?;
    page.eval::<Value>(
        "(() => { widget.query = 'storage tanks'; widget.theme = 'light'; widget.height = 400; })()",
    )?;
    page.wait_until(
        "the other words are searched for",
        &format!("said.slice({heard}).some((note) => note.type === 'results')"),
    )?;
    page.wait_until("the other theme is there", "look(widget).then((looks) => looks.theme === 'light')")?;
    let reflected =
        "[widget.getAttribute('query'), widget.getAttribute('theme'), widget.getBoundingClientRect().height]";
    assert_eq!(page.eval::<Value>(reflected)?, serde_json::json!(["storage tanks", "light", 400]));
    page.eval::<Value>("widget.setAttribute('query', 'tennis courts')")?;
    assert_eq!(page.eval::<String>("widget.query")?, "tennis courts");
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn nobody_but_the_host_is_heard() -> Result<()> {
    let host = Host::with_one("")?;
    let page = &host.page;
    page.eval::<Value>("widget.search('storage tanks')")?;
    // A frame beside the widget's greets the page, and says to the host that it is a page.
    let answers: Value = page.eval(
        "(async () => {
            const beside = document.createElement('iframe');
            document.body.append(beside);
            const { port1, port2 } = new MessageChannel();
            const answers = [];
            port1.onmessage = ({ data }) => answers.push(data);
            const target = widget.shadowRoot.querySelector('iframe').contentWindow;
            beside.contentWindow.target = target;
            beside.contentWindow.port = port2;
            const script = beside.contentDocument.createElement('script');
            script.textContent = `target.postMessage({ clipRs: 1, type: 'hello' }, '*', [port]);
                addEventListener('message', () => parent.postMessage('greeted', '*'));
                parent.postMessage({ clipRs: 1, type: 'listening' }, '*');`;
            addEventListener('message', ({ data }) => data === 'greeted' && answers.push(data));
            beside.contentDocument.body.append(script);
            const { state } = await widget.search('a road');
            return [state, answers];
        })()",
    )?;
    assert_eq!(answers, serde_json::json!(["results", []]), "nobody is answered");
    // The host itself with another version is told so, and the conversation goes on.
    let said: String = page.eval(
        "new Promise((resolve) => {
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = ({ data }) => resolve(data);
            widget.shadowRoot.querySelector('iframe').contentWindow.postMessage({ clipRs: 99, type: 'hello' }, '*', [port2]);
        })",
    )?;
    assert!(said.contains("\"version\"") && said.contains("99"), "{said}");
    assert_eq!(page.eval::<Value>("widget.search('storage tanks')")?["state"], "results");
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn the_wheel_and_one_finger_stay_with_the_host() -> Result<()> {
    let host = Host::with_one(r#"query="storage tanks""#)?;
    host.wait_for("widget", "results", "note.detail.items.length > 0")?;
    let looks: Value = host.page.eval("look(widget)")?;
    assert_eq!(
        (&looks["takesWheel"], &looks["takesWheelWithCtrl"]),
        (&false.into(), &true.into()),
        "{looks}"
    );
    assert!(looks["hint"].as_str().is_some_and(|hint| hint.contains("Ctrl")), "the map says how: {looks}");
    assert_eq!(looks["touch"], "pan-x pan-y");
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn what_is_shown_later_is_drawn_right() -> Result<()> {
    let host = Host::with_one(r#"style="display: none""#)?;
    let page = &host.page;
    assert_eq!(page.eval::<u32>("widget.shadowRoot.querySelectorAll('iframe').length")?, 0);
    // Asked where nobody sees it, then shown, hidden, asked and shown again.
    for words in ["storage tanks", "tennis courts"] {
        let results: Value = page.eval(&format!("widget.search('{words}')"))?;
        assert_eq!(results["state"], "results", "{results}");
        page.eval::<Value>("widget.style.removeProperty('display')")?;
        page.wait_until("the map shows the results", "look(widget).then((looks) => looks.footprints > 0)")?;
        page.eval::<Value>("void (widget.style.display = 'none')")?;
    }
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_catalog_that_the_page_does_not_have_is_an_error_and_no_other_catalog() -> Result<()> {
    let host = Host::with_one(r#"catalog="https://elsewhere.example/catalog""#)?;
    host.wait_for("widget", "error", "note.kind === 'catalog'")?;
    assert_eq!(host.page.eval::<u32>("said.filter((note) => note.type !== 'error').length")?, 0);
    let words: String = host.page.eval("widget.shadowRoot.querySelector('.words').textContent")?;
    assert!(words.contains("elsewhere.example"), "{words}");
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_catalog_that_the_page_may_show_is_searched() -> Result<()> {
    // The same once more is another catalog for the page.
    let second = format!("second={}", Artifacts::from_env()?.catalog.display());
    let text = ONE.replace("{}", r#"catalog="catalogs/second" query="storage tanks""#);
    let host = Host::open_with("one.html", Some(text), &["--catalog", &second])?;
    host.wait_for("widget", "results", "note.detail.items.length > 0")?;
    let seen = host.chromium.recorder().seen();
    let of =
        |folder: &str| seen.iter().filter(|request| request.url.starts_with(&host.site.url(folder))).count();
    assert!(of("catalogs/second/") > 3, "it is searched");
    assert_eq!(of("catalog/"), 0, "and no other");
    expect_quiet(&host.chromium);
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn words_are_sent_to_nobody() -> Result<()> {
    let host = Host::with_one(r#"query="zeppelin hangars""#)?;
    host.wait_for("widget", "results", "true")?;
    host.page.eval::<Value>("widget.search('walrus colony')")?;
    let own = [host.site.address(), host.address].map(|address| format!("http://{address}/"));
    for request in host.chromium.recorder().seen() {
        let all = format!("{} {}\n{}", request.method, request.url, request.headers).to_lowercase();
        let word = ["zeppelin", "hangar", "walrus", "colony"].into_iter().find(|word| all.contains(word));
        assert_eq!(word, None, "{all}");
        let is_ours = own.iter().any(|own| request.url.starts_with(own));
        assert!(!is_ours || !request.has_body, "{} carries a body", request.url);
    }
    Ok(())
}
