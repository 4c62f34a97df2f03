//! What is answered from memory is what reading the file would answer.

use std::{fs, time::Duration};

use axum::{Router, http::StatusCode};

use crate::site::{Answer, Site, TILE, request};

/// Asks the same server more than once, so that it can remember.
async fn get(router: &Router, headers: &[(&str, &str)]) -> Answer {
    crate::site::send(router.clone(), request("GET", TILE, headers)).await
}

fn tile(site: &Site) -> std::path::PathBuf {
    site.path("catalog/tiles-0123456789abcdef/17/1/2.jpg")
}

/// Writes a file so that its time of change differs from before, however coarse the clock.
async fn write_later(path: &std::path::Path, content: &[u8]) {
    tokio::time::sleep(Duration::from_millis(20)).await;
    fs::write(path, content).expect("written");
}

#[tokio::test]
async fn the_second_answer_is_the_first_one_again() {
    let site = Site::new();
    let router = site.embedded_from(&["any"]);
    let first = get(&router, &[]).await;
    for headers in [&[][..], &[("origin", "https://elsewhere.example")], &[("accept-encoding", "br, gzip")]] {
        let again = get(&router, headers).await;
        assert_eq!(again.status, StatusCode::OK, "{headers:?}");
        assert_eq!(again.headers, first.headers, "{headers:?}");
        assert_eq!(again.body, first.body, "{headers:?}");
    }
    assert_eq!(first.header("access-control-allow-origin"), "*");
    assert_eq!(first.header("content-length"), "5000");
}

#[tokio::test]
async fn a_request_that_is_refused_is_refused_for_a_remembered_file_too() {
    let site = Site::new();
    let router = site.router();
    let whole = get(&router, &[]).await;
    let refused = get(&router, &[("content-length", "5")]).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(refused.header("x-content-type-options") == "nosniff" && refused.body != whole.body);
    let refused = get(&router, &[("accept-encoding", "identity;q=0")]).await;
    assert_eq!((refused.status, refused.header("cache-control")), (StatusCode::NOT_ACCEPTABLE, "no-store"));
}

#[tokio::test]
async fn ranges_and_conditions_are_met_for_a_remembered_file_too() {
    let site = Site::new();
    let router = site.router();
    let first = get(&router, &[]).await;
    let part = get(&router, &[("range", "bytes=10-19")]).await;
    assert_eq!((part.status, part.body.len()), (StatusCode::PARTIAL_CONTENT, 10));
    let known = get(&router, &[("if-none-match", first.header("etag"))]).await;
    assert_eq!(known.status, StatusCode::NOT_MODIFIED);
    assert_eq!(get(&router, &[]).await.body, first.body, "a part is not remembered for the whole");
}

#[tokio::test]
async fn a_changed_file_is_sent_as_it_is_now() {
    let site = Site::new();
    let router = site.router();
    assert_eq!(get(&router, &[]).await.body, vec![0xff; 5000]);
    // Damage of one byte, which the page must be able to see; then the sound file again.
    let mut damaged = vec![0xff; 5000];
    damaged[2500] = 0xfe;
    for content in [damaged, vec![0xff; 5000], vec![1; 10]] {
        write_later(&tile(&site), &content).await;
        for _ in 0..2 {
            assert_eq!(get(&router, &[]).await.body, content);
        }
    }
    fs::remove_file(tile(&site)).expect("removed");
    assert_eq!(get(&router, &[]).await.status, StatusCode::NOT_FOUND);
}

#[cfg(unix)]
#[tokio::test]
async fn a_remembered_name_that_comes_to_lead_elsewhere_is_followed_or_refused() {
    let site = Site::new();
    let router = site.router();
    let inside = site.path("catalog/tiles-0123456789abcdef/17/1/other.jpg");
    fs::write(&inside, b"other").expect("written");
    assert_eq!(get(&router, &[]).await.body, vec![0xff; 5000]);
    let relink = |target: &std::path::Path| {
        fs::remove_file(tile(&site)).expect("removed");
        std::os::unix::fs::symlink(target, tile(&site)).expect("linked");
    };
    relink(&inside);
    for _ in 0..2 {
        assert_eq!(get(&router, &[]).await.body, "other");
    }
    relink(&site.path("secret.txt"));
    for _ in 0..2 {
        assert_eq!(get(&router, &[]).await.status, StatusCode::NOT_FOUND, "it leads out of the catalog");
    }
}

#[tokio::test]
async fn a_catalog_in_another_folder_of_the_same_name_is_read_anew() {
    let site = Site::new();
    let router = site.router();
    assert_eq!(get(&router, &[]).await.body, vec![0xff; 5000]);
    fs::rename(site.path("catalog"), site.path("old")).expect("renamed");
    site.write("catalog/tiles-0123456789abcdef/17/1/2.jpg", b"new");
    for _ in 0..2 {
        assert_eq!(get(&router, &[]).await.body, "new");
    }
}
