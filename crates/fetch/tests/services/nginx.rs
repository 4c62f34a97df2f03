//! A folder of tiles handed out by nginx, which limits how often it is asked, and says what changed. Skipped, aloud, where there is
//! none.

use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use clip_rs_fetch::{Changes, Cover};
use image::{Rgb, RgbImage};

use crate::{archive, area, encoded, run_from, tile_jpeg};

/// nginx in the foreground, for as long as the test runs.
struct Nginx(Child);

impl Drop for Nginx {
    fn drop(&mut self) {
        let _over = self.0.kill();
        let _over = self.0.wait();
    }
}

/// Starts it for `folder/tiles`; none where it is not installed.
fn start(folder: &Path, port: u16) -> Option<Nginx> {
    let at = folder.display();
    // Twenty requests a second, four more at once; what is too much is told to come again in a second.
    let configuration = format!(
        "daemon off; master_process off; pid {at}/pid; error_log {at}/error.log;
         events {{ worker_connections 64; }}
         http {{
             access_log {at}/access.log; types {{ image/jpeg jpg; }}
             client_body_temp_path {at}/a; proxy_temp_path {at}/b; fastcgi_temp_path {at}/c; uwsgi_temp_path {at}/d; scgi_temp_path {at}/e;
             limit_req_zone $binary_remote_addr zone=one:1m rate=20r/s; limit_req_status 429;
             server {{
                 listen 127.0.0.1:{port}; root {at}/tiles;
                 location / {{ limit_req zone=one burst=4 nodelay; }}
                 error_page 429 @busy;
                 location @busy {{ add_header Retry-After 1 always; return 429; }}
             }}
         }}"
    );
    std::fs::write(folder.join("nginx.conf"), configuration).expect("a file");
    let mut command = Command::new("nginx");
    command
        .arg("-p")
        .arg(folder)
        .arg("-c")
        .arg(folder.join("nginx.conf"))
        .arg("-e")
        .arg(folder.join("error.log"));
    let child = match command.stdout(Stdio::null()).stderr(Stdio::null()).spawn() {
        Err(error) if error.kind() == ErrorKind::NotFound => return None,
        started => Nginx(started.expect("nginx starts")),
    };
    let is_there = (0..200).any(|_| {
        let there = TcpStream::connect(("127.0.0.1", port)).is_ok();
        if !there {
            std::thread::park_timeout(Duration::from_millis(50));
        }
        there
    });
    let log = std::fs::read_to_string(folder.join("error.log")).unwrap_or_default();
    assert!(is_there, "nginx listens: {log}");
    Some(child)
}

#[test]
fn a_folder_of_tiles_behind_nginx_comes_whole_though_it_limits_requests_and_a_refresh_sends_what_changed() {
    let folder = tempfile::tempdir().expect("a folder");
    let tiles: Vec<_> = Cover::of(&area(), 16..=16).expect("a cover").tiles().collect();
    let path = |tile: &clip_rs_catalog::TileId| folder.path().join(format!("tiles/{tile}.jpg"));
    for tile in &tiles {
        std::fs::create_dir_all(path(tile).parent().expect("a parent")).expect("a folder");
        std::fs::write(path(tile), tile_jpeg(*tile)).expect("a file");
    }
    let port = TcpListener::bind("127.0.0.1:0").and_then(|one| one.local_addr()).expect("a port").port();
    let Some(_nginx) = start(folder.path(), port) else {
        eprintln!("SKIPPED: without nginx no tiles are fetched from it");
        return;
    };
    let source = format!("http://127.0.0.1:{port}/{{z}}/{{x}}/{{y}}.jpg");
    let out = folder.path().join("area.pmtiles");
    let outcome = run_from(&source, &out, false, false).expect("fetched");
    assert_eq!((outcome.counts.pictures, outcome.missing), (24, 0));
    let log = std::fs::read_to_string(folder.path().join("access.log")).expect("a log");
    assert!(log.contains(" 429 "), "it was asked too often, and said so: {log}");

    // Of another length, so that another second is not needed for another name.
    let newer = encoded(&RgbImage::from_fn(96, 96, |x, y| Rgb([x as u8 * 2, y as u8 * 2, 99])));
    std::fs::write(path(&tiles[3]), &newer).expect("a file");
    let outcome = run_from(&source, &out, false, true).expect("fetched");
    assert_eq!(outcome.changes, Some(Changes { changed: 1, same: 23, ..Changes::default() }));
    assert_eq!(outcome.bytes, newer.len() as u64);
    assert_eq!(archive(&out)[&tiles[3]], newer);
}
