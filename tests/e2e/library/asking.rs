//! What can be asked, and that the answers are those of the engine.

use anyhow::Result;
use clip_rs_tests::Artifacts;
use serde_json::{Value, json};

use super::Host;
use crate::{Visit, architectures};

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn words_vectors_areas_and_what_is_not_wanted_are_searched_for() -> Result<()> {
    let host = Host::with_area()?;
    let facts: Value = host.run("return area.manifest")?;
    assert_eq!((&facts["count"], &facts["synthetic"]), (&2304.into(), &true.into()), "{facts}");
    assert_eq!(facts["tiles"]["maxzoom"], 17, "{facts}");
    let hits: Vec<Value> =
        host.run("window.hits = await area.search('  a   pond ', { limit: 30 }); return hits")?;
    assert_eq!(hits.len(), 30);
    for hit in &hits {
        let [west, south, east, north]: [f64; 4] = serde_json::from_value(hit["bounds"].clone())?;
        let [lng, lat]: [f64; 2] = serde_json::from_value(hit["lngLat"].clone())?;
        assert!(west < lng && lng < east && south < lat && lat < north, "{hit}");
        assert!(hit["likely"].is_boolean() && hit["place"].is_string(), "{hit}");
    }
    let marks = "hits.every((hit, at) => at === 0 || hit.mark <= hits[at - 1].mark) && hits.every((hit) => hit.likely === (hit.mark >= hits.likelyFrom))";
    assert!(host.run::<bool>(&format!("return {marks}"))?, "{hits:?}");

    // The vector that words have is the one that they are searched by.
    let off: f64 = host.run(
        "const vector = await area.encode('a pond'); \
         const length = Math.hypot(...vector); \
         const cosines = new Map((await area.search({ vector }, { limit: 2304 })).map((hit) => [hit.id, hit.similarity])); \
         return Math.max(Math.abs(length - 1), ...hits.map((hit) => Math.abs(hit.similarity - cosines.get(hit.id))))",
    )?;
    assert!(off < 1e-3, "{off}");

    let one: Vec<String> = host.run(
        "return (await area.search('a road', { bounds: hits[3].bounds })).map((hit) => hit.id === hits[3].id ? 'it' : hit.id)",
    )?;
    assert_eq!(one, ["it"], "only what lies in the box");
    let ring: Vec<String> = host.run(
        "const [w, s, e, n] = hits[3].bounds; \
         const area_ = { type: 'Polygon', coordinates: [[[w, s], [e, s], [e, n], [w, n], [w, s]]] }; \
         return (await area.search('a road', { area: area_ })).map((hit) => hit.id === hits[3].id ? 'it' : hit.id)",
    )?;
    assert_eq!(ring, ["it"], "only what lies in the polygon");
    let differ: bool = host.run(
        "const less = await area.search({ words: 'a pond', without: ['trees', 'houses'] }, { limit: 30 }); \
         return less.length === 30 && less.some((hit, at) => hit.id !== hits[at].id)",
    )?;
    assert!(differ, "what is not wanted counts");
    let like: bool =
        host.run("const like = await area.search({ item: hits[2].id }); return like[0].id === hits[2].id")?;
    assert!(like, "an item is most like itself");
    for (wrong, kind) in [
        ("area.search('   ')", "request"),
        ("area.search({})", "request"),
        ("area.search({ item: 'no such item' })", "request"),
        ("area.search({ terms: [{ words: 'a', weight: 0 }] })", "request"),
        ("area.search('a', { area: { type: 'Point', coordinates: [0, 0] } })", "request"),
        ("area.embed('https://elsewhere.example/a.jpg')", "picture"),
        ("area.embed(new Blob(['no picture']))", "picture"),
        ("area.item('17/0/0')", "request"),
    ] {
        let error = host.error(wrong)?;
        assert_eq!(error["kind"], kind, "{wrong}: {error}");
        assert_eq!(error["name"], "ClipRsError", "{wrong}: {error}");
        assert!(error["message"].as_str().is_some_and(|message| message.len() > 20), "{wrong}: {error}");
    }
    host.expect_quiet();
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn items_have_pictures_and_a_picture_finds_its_item() -> Result<()> {
    let host = Host::with_area()?;
    let same: bool = host.run(
        "const first = await area.items({ limit: 8 }); const later = await area.items({ offset: 5, limit: 3 }); \
         return first.total === 2304 && first.length === 8 && JSON.stringify(first.slice(5)) === JSON.stringify(later)",
    )?;
    assert!(same, "items come in one order");
    let (within, one): (Vec<String>, Value) = host.run(
        "window.it = (await area.items({ limit: 300 })).findLast((item) => item.duplicates === 0 && item.duplicateOf === null); \
         const within = await area.items({ bounds: it.bounds }); \
         return [within.map((item) => item.id === it.id ? 'it' : item.id), await area.item(it.id)]",
    )?;
    assert_eq!(within, ["it"]);
    let it: Value = host.run("return it")?;
    assert_eq!(one, it, "an item is the same however it is asked for");
    assert!(it["place"].is_string() && it.get("mark").is_none(), "{it}");

    let found: Vec<Value> = host.run(
        "window.blob = await area.picture(it.id); window.image = new Image(); image.src = URL.createObjectURL(blob); \
         window.canvas = document.createElement('canvas'); \
         await image.decode(); [canvas.width, canvas.height] = [image.width, image.height]; \
         canvas.getContext('2d').drawImage(image, 0, 0); \
         const hits = await area.search({ picture: blob }, { limit: 3 }); \
         return [blob.type.startsWith('image/'), image.width, hits[0].id === it.id, hits[0].likely, hits.likelyFrom]",
    )?;
    assert_eq!(found, [json!(true), json!(256), json!(true), Value::Null, Value::Null]);
    let least: f64 = host.run(
        "const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height); \
         const forms = [blob, image, canvas, data, await createImageBitmap(blob)]; \
         const [first, ...others] = await Promise.all(forms.map((form) => area.embed(form))); \
         return Math.min(...others.map((other) => other.reduce((sum, x, at) => sum + x * first[at], 0)))",
    )?;
    assert!(least > 0.999, "a picture is the same in every form: {least}");
    // A tile of another zoom, which is no item, and a square that has to be put together.
    let (kind, edge): (String, u32) = host.run(
        "const [z, x, y] = it.id.split('/').map(Number); \
         const further = await area.picture(`${z - 1}/${x >> 1}/${y >> 1}`); \
         const square = await createImageBitmap(await area.picture(`${z}/${x}/${y}+2`, { pixels: 500 })); \
         return [further.type, square.width]",
    )?;
    assert!(kind.starts_with("image/"), "{kind}");
    assert_eq!(edge, 500);
    let error = host.error("area.picture('17/0/0')")?;
    assert_eq!(error["kind"], "missing", "{error}");
    host.expect_quiet();
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_layer_says_how_well_every_place_fits() -> Result<()> {
    let host = Host::with_area()?;
    let layer: Value = host.run(
        "window.layer = await area.layer('a pond'); window.hits = await area.search('a pond', { limit: 1 }); \
         const { values, ...rest } = layer; return { ...rest, cells: values.length, most: Math.max(...values), best: hits[0].mark, \
         likely: hits.likelyFrom, empty: values.filter(Number.isNaN).length }",
    )?;
    assert_eq!((&layer["columns"], &layer["rows"]), (&48.into(), &48.into()), "{layer}");
    assert_eq!((&layer["cells"], &layer["items"]), (&2304.into(), &2304.into()), "{layer}");
    assert_eq!((&layer["likelyFrom"], &layer["empty"]), (&layer["likely"], &0.into()), "{layer}");
    let (most, best) = (layer["most"].as_f64().unwrap_or_default(), layer["best"].as_f64().unwrap_or(1.0));
    assert!((most - best).abs() < 1.0 / 250.0, "the best place is the best hit: {layer}");
    let far: f64 = host.run(
        "return Math.max(...layer.bounds.map((edge, at) => Math.abs(edge - area.manifest.bounds[at])))",
    )?;
    assert!(far < 1e-9, "{far}");
    // The best hit's cell is opaque, and what is painted is what is at least the threshold.
    let painted: bool = host.run(
        "const canvas = library.paintLayer(layer, { from: 0.5 }); \
         const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height); \
         return canvas.width === 48 && layer.values.every((value, at) => (data[at * 4 + 3] > 0) === (value >= 0.5)) \
         && layer.values.some((value) => value >= 0.5)",
    )?;
    assert!(painted);
    let signs: Vec<bool> = host.run(
        "const { values, isDifference, likelyFrom } = await area.layer('a pond', { against: 'houses' }); \
         return [isDifference, likelyFrom === null, values.some((value) => value < -0.1), values.some((value) => value > 0.1), \
         values.every((value) => value >= -1 && value <= 1)]",
    )?;
    assert_eq!(signs, [true; 5]);
    host.expect_quiet();
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn on_the_pages_own_server_workers_are_started_as_they_are() -> Result<()> {
    let visit = Visit::ready("")?;
    let (started, hits): (Vec<bool>, usize) = visit.page.eval(
        "(async () => { const started = []; \
         window.Worker = class extends Worker { constructor(...settings) { super(...settings); started.push(settings[0]); } }; \
         const { open } = await import('./library/clip-rs.js'); const area = await open('catalog'); \
         await area.items({ limit: 1 }); const hits = await area.search('a pond'); area.close(); \
         return [started.map((script) => script.startsWith(location.origin)), hits.length]; })()",
    )?;
    assert_eq!((started, hits), (vec![true, true], 20));
    visit.expect_quiet_console();
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_catalog_whose_model_is_no_clip_is_asked_by_words_and_by_picture() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let catalog = architectures::catalog(&Artifacts::from_env()?, "siglip", folder.path())?;
    let host = Host::with_area_of(&catalog)?;
    let hits: Vec<Value> = host.run("return await area.search('a river')")?;
    assert!(!hits.is_empty());
    let own: bool = host.run(
        "const [{ id }] = await area.search('a river'); \
         const [first] = await area.search({ picture: await area.picture(id, { pixels: 96 }) }); return first.id === id",
    )?;
    assert!(own, "a picture is most like itself");
    let alive: u32 = host.run("return alive.size")?;
    assert_eq!(alive, 2, "the workers that did not know the model have ended");
    host.expect_quiet();
    Ok(())
}
