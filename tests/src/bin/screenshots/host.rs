//! Somebody else's site: one page, which has the search in it.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use anyhow::Result;
use clip_rs_tests::Site;

/// Serves the page at every address for as long as the process lives.
pub fn serve(site: &Site) -> Result<SocketAddr> {
    let page = format!(
        "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>Host</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <script type=\"module\" src=\"{}\"></script>\
         <body style=\"margin: 24px; font: 1rem/1.5 sans-serif\"><h1>Storage in the county</h1>\
         <p>Somebody else's page: their words, their styles, and the search in a frame of its own.</p>\
         <clip-rs-search query=\"storage tanks\" style=\"height: min(640px, 75vh)\"></clip-rs-search>",
        site.url("embed/clip-rs-search.js")
    );
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
        page.len()
    );
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let Ok(read) = client.try_clone() else { continue };
            // The request ends with an empty line; every one gets the same answer.
            BufReader::new(read)
                .lines()
                .map_while(Result::ok)
                .take_while(|line| !line.is_empty())
                .for_each(drop);
            // Whoever left hears nothing.
            let _left = client.write_all(answer.as_bytes());
        }
    });
    Ok(address)
}
