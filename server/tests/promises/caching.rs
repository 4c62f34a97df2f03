//! Caches keep what cannot change, and ask about what can.

use std::{fs, time::SystemTime};

use axum::http::StatusCode;

use crate::site::{SCRIPT, Site, TILE, noise, request};

const FOR_EVER: &str = "max-age=31536000, immutable";

#[tokio::test]
async fn files_named_by_content_are_kept_for_ever() {
    let site = Site::new();
    let text = format!("/catalog/{}", site.text);
    for path in [&text, TILE, SCRIPT, "/app-0123456789abcdef_bg.wasm"] {
        let answer = site.get(path, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.header("cache-control"), FOR_EVER, "{path}");
        let again = site.get(path, &[("if-none-match", answer.header("etag"))]).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{path}");
        assert_eq!(again.header("cache-control"), FOR_EVER, "{path}");
        assert!(again.body.is_empty(), "{path}");
    }
}

#[tokio::test]
async fn files_that_may_change_are_revalidated() {
    let site = Site::new();
    for path in ["/catalog/catalog.json", "/", "/index.html", "/sw.js", "/app.webmanifest"] {
        let answer = site.get(path, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.header("cache-control"), "no-cache", "{path}");
        assert_eq!(answer.header("last-modified"), "", "{path}: times of change can lie");
        let tag = answer.header("etag");
        for known in [tag, &format!("W/{tag}"), &format!("\"other\", {tag}"), "*"] {
            let again = site.get(path, &[("if-none-match", known)]).await;
            assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{path} {known}");
            assert_eq!(again.header("etag"), tag, "{path} {known}");
            assert_eq!(again.header("cache-control"), "no-cache", "{path} {known}");
            assert!(again.body.is_empty(), "{path} {known}");
        }
        let changed = site.get(path, &[("if-none-match", "\"other\"")]).await;
        assert_eq!(changed.status, StatusCode::OK, "{path}");
        assert_eq!(changed.body, answer.body, "{path}");
    }
}

#[tokio::test]
async fn a_new_version_of_the_same_length_and_time_is_noticed() {
    let site = Site::new();
    let path = site.path("app/sw.js");
    let write = |content: &[u8]| {
        fs::write(&path, content).expect("written");
        let file = fs::File::options().write(true).open(&path).expect("opened");
        file.set_modified(SystemTime::UNIX_EPOCH).expect("set");
    };
    write(b"first();");
    let first = site.get("/sw.js", &[]).await;
    write(b"other();");
    let since = ("if-modified-since", "Fri, 01 Jan 2100 00:00:00 GMT");
    for headers in [vec![("if-none-match", first.header("etag"))], vec![since]] {
        let second = site.get("/sw.js", &headers).await;
        assert_eq!(second.status, StatusCode::OK);
        assert_eq!(&second.body[..], b"other();");
    }
}

#[tokio::test]
async fn a_catalog_replaced_while_running_is_served_at_once() {
    let site = Site::new();
    let router = site.router();
    let get = |path: &'static str, tag: &str| {
        crate::site::send(router.clone(), request("GET", path, &[("if-none-match", tag)]))
    };
    let before = get("/catalog/catalog.json", "").await;
    let mut manifest = site.manifest();
    manifest.id = "sample-8".into();
    manifest.title = "Another county".into();
    site.publish(&manifest);
    let after = get("/catalog/catalog.json", before.header("etag")).await;
    assert_eq!(after.status, StatusCode::OK);
    assert_eq!(after.json()["id"], "sample-8");
    assert_eq!(get("/catalog/tilejson.json", "").await.json()["name"], "Another county");
    assert_eq!(get("/healthz", "").await.json()["catalog"], "sample-8");
}

#[tokio::test]
async fn answers_without_a_file_are_not_kept() {
    let site = Site::new();
    for path in ["/missing.js", "/catalog/missing-0123456789abcdef.bin", "/%00", "/healthz"] {
        assert_eq!(site.get(path, &[]).await.header("cache-control"), "no-store", "{path}");
    }
}

#[tokio::test]
async fn only_what_manifest_or_build_list_is_kept_for_ever() {
    let site = Site::new();
    let unlisted = [
        "/catalog/notes-0123456789abcdef.txt",
        "/catalog/tiles-0123456789abcdef/notes.txt",
        "/catalog/tiles-0123456789abcdef/17/1/2.png",
        "/app-fedcba9876543210.js",
        "/photos-0123456789abcdef/1.jpg",
    ];
    for path in unlisted {
        site.write(
            path.strip_prefix("/catalog")
                .map_or(format!("app{path}"), |rest| format!("catalog{rest}"))
                .as_str(),
            b"x",
        );
        let answer = site.get(path, &[]).await;
        assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "no-cache"), "{path}");
    }
    fs::remove_file(site.path("app/build.json")).expect("removed");
    assert_eq!(site.get(SCRIPT, &[]).await.header("cache-control"), "no-cache", "no build says so");
    site.write("catalog/catalog.json", b"{");
    assert_eq!(site.get(TILE, &[]).await.header("cache-control"), "no-cache", "no manifest says so");
}

#[tokio::test]
async fn whole_part_and_unchanged_say_the_same_of_the_version() {
    let site = Site::new();
    site.write("app/app-0123456789abcdef.js.br", &noise());
    let text = format!("/catalog/{}", site.text);
    for path in [SCRIPT, "/", "/sw.js", "/app-0123456789abcdef_bg.wasm", "/catalog/catalog.json", TILE, &text]
    {
        for coding in ["br", "gzip", "identity"] {
            let accept = ("accept-encoding", coding);
            let whole = site.get(path, &[accept]).await;
            let part = site.get(path, &[accept, ("range", "bytes=1-3")]).await;
            let same = site.get(path, &[accept, ("if-none-match", whole.header("etag"))]).await;
            let head = site.ask("HEAD", path, &[accept, ("range", "bytes=1-3")]).await;
            let statuses =
                [whole.status, part.status, same.status, head.status].map(|status| status.as_u16());
            assert_eq!(statuses, [200, 206, 304, 200], "{path} {coding}");
            assert!(whole.header("etag").starts_with('"'), "{path} {coding}: strong");
            for other in [&part, &same, &head] {
                for name in ["etag", "vary", "cache-control", "content-security-policy"] {
                    assert_eq!(other.header(name), whole.header(name), "{path} {coding} {name}");
                }
            }
            assert_eq!(part.body, whole.body[1..4], "{path} {coding}: a part of the same bytes");
            assert_eq!(part.header("content-encoding"), whole.header("content-encoding"), "{path} {coding}");
            assert_eq!(head.header("content-length"), whole.body.len().to_string(), "{path} {coding}");
        }
    }
    let vary = async |path| site.get(path, &[]).await.header("vary").to_owned();
    assert_eq!(vary("/catalog/catalog.json").await, "accept-encoding");
    assert_eq!(vary(TILE).await, "", "a picture is sent in one form");
}

#[tokio::test]
async fn a_file_that_is_wanted_in_one_version_is_sent_in_no_other() {
    let site = Site::new();
    let tag = site.get("/sw.js", &[]).await.header("etag").to_owned();
    assert_eq!(site.get("/sw.js", &[("if-match", &tag)]).await.status, StatusCode::OK);
    for other in ["\"other\"", &format!("W/{tag}")] {
        let answer = site.get("/sw.js", &[("if-match", other)]).await;
        assert_eq!(
            (answer.status, answer.header("cache-control")),
            (StatusCode::PRECONDITION_FAILED, "no-store")
        );
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_large_archive_is_tagged_and_cut_without_being_read() {
    let site = Site::new();
    // Far more bytes than could be read in this test, and none on the disk.
    let archive = |name: &str| {
        let file = fs::File::create(site.path(name)).expect("created");
        file.set_len(1 << 42).expect("a sparse file");
        file.set_modified(SystemTime::UNIX_EPOCH).expect("set");
    };
    archive("catalog/area.pmtiles");
    let range = ("range", "bytes=4398046511000-4398046511099");
    let part = site.get("/catalog/area.pmtiles", &[range]).await;
    assert_eq!((part.status, part.body.len()), (StatusCode::PARTIAL_CONTENT, 100));
    assert_eq!(part.header("content-range"), "bytes 4398046511000-4398046511099/4398046511104");
    let tag = part.header("etag");
    let again = site.get("/catalog/area.pmtiles", &[("if-none-match", tag)]).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    let resumed = site.get("/catalog/area.pmtiles", &[range, ("if-range", tag)]).await;
    assert_eq!(resumed.status, StatusCode::PARTIAL_CONTENT);
    archive("catalog/new");
    fs::rename(site.path("catalog/new"), site.path("catalog/area.pmtiles")).expect("renamed");
    let replaced = site.get("/catalog/area.pmtiles", &[range]).await;
    assert_ne!(replaced.header("etag"), tag, "another file of the same length and time");
}
