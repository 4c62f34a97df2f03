//! Any static host: the page starts below any path of servers that are not ours, the most careless included, and survives a
//! file that does not come once.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clip_rs_tests::{Artifacts, Chromium, Fault};

use crate::damage::copy_all;
use crate::{DESKTOP, Visit};

/// Where the page lies on the host.
const BELOW: &str = "a/b";
/// Longest wait for a server to listen.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server of another kind; it ends with this value.
pub struct Host {
    process: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Drop for Host {
    fn drop(&mut self) {
        // Nothing is lost when the server has ended already.
        let _ended = self.process.kill();
        let _status = self.process.wait();
    }
}

/// A folder that holds the page and its catalog in [`BELOW`].
fn folder(artifacts: &Artifacts) -> Result<tempfile::TempDir> {
    let root = tempfile::tempdir()?;
    copy_all(&artifacts.dist, &root.path().join(BELOW))?;
    copy_all(&artifacts.catalog, &root.path().join(BELOW).join("catalog"))?;
    Ok(root)
}

/// A port that is free now.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Starts a server that listens at this port of loopback, and waits until it does.
pub fn start(command: &mut Command, port: u16) -> Result<Host> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut host = Host { process: process.with_context(|| format!("starting {command:?}"))?, address };
    let begin = Instant::now();
    while TcpStream::connect(address).is_err() {
        if let Some(status) = host.process.try_wait()? {
            bail!("{command:?} ended: {status}");
        }
        ensure!(begin.elapsed() < PATIENCE, "{command:?} does not listen");
        thread::sleep(Duration::from_millis(20));
    }
    Ok(host)
}

/// Opens the page with and without the slash at the end of its address, and searches.
fn search_with_and_without_slash(artifacts: &Artifacts, address: SocketAddr) -> Result<()> {
    for path in [format!("{BELOW}/"), BELOW.to_owned(), format!("{BELOW}/index.html")] {
        let chromium = Chromium::start_for(artifacts, address)?;
        let page = chromium.open(&format!("http://{address}/{path}#q=golf"), DESKTOP.0, DESKTOP.1)?;
        page.wait_for_state("results").with_context(|| format!("at {path}"))?;
        assert!(!page.search("storage tanks")?.is_empty(), "at {path}");
        page.wait_until("there is a service worker", "navigator.serviceWorker.controller")?;
        let scope: String = page.eval("navigator.serviceWorker.ready.then(({ scope }) => scope)")?;
        assert_eq!(scope, format!("http://{address}/{BELOW}/"), "at {path}");
    }
    Ok(())
}

/// Status of the answer to a GET request.
fn status(address: SocketAddr, path: &str) -> Result<u16> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET /{path} HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    line.split(' ').nth(1).context("a status")?.parse().with_context(|| format!("the answer {line:?}"))
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn python_serves_the_page_from_any_folder() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let root = folder(&artifacts)?;
    let port = free_port()?;
    let mut python = Command::new("python3");
    python.args(["-m", "http.server", "--bind", "127.0.0.1", "--directory"]).arg(root.path());
    let host = start(python.arg(port.to_string()), port)?;
    search_with_and_without_slash(&artifacts, host.address)?;
    for path in ["nowhere", "nowhere/", "catalog/nowhere.bin"] {
        assert_eq!(status(host.address, &format!("{BELOW}/{path}"))?, 404, "{path}");
    }
    Ok(())
}

/// The program nginx: that in the variable `NGINX`, or where Debian puts it.
fn nginx() -> Option<PathBuf> {
    let named = std::env::var_os("NGINX").map(PathBuf::from);
    named.or_else(|| Some("/usr/sbin/nginx".into())).filter(|path| path.is_file())
}

/// Settings of nginx with nothing of ours, its types of files as Debian has them but for what `types` names.
fn plain_nginx(own: &Path, root: &Path, port: u16) -> Result<PathBuf> {
    let (own, root) = (own.display(), root.display());
    let text = format!(
        "daemon off;\nworker_processes 1;\npid {own}/pid;\nerror_log {own}/errors;\nevents {{}}\nhttp {{\n\
         access_log off;\nclient_body_temp_path {own}/body;\nproxy_temp_path {own}/proxy;\n\
         fastcgi_temp_path {own}/fastcgi;\nuwsgi_temp_path {own}/uwsgi;\nscgi_temp_path {own}/scgi;\n\
         types {{ text/html html; text/css css; text/javascript js; image/svg+xml svg; }}\n\
         default_type application/octet-stream;\n\
         server {{ listen 127.0.0.1:{port}; absolute_redirect off; root {root}; }}\n}}\n"
    );
    let path = PathBuf::from(format!("{own}/nginx.conf"));
    fs::write(&path, text)?;
    Ok(path)
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn nginx_serves_the_page_from_any_folder() -> Result<()> {
    let Some(program) = nginx() else {
        println!(
            "SKIPPED: there is no nginx here, so the page was not tried behind it. NGINX names the program."
        );
        return Ok(());
    };
    let artifacts = Artifacts::from_env()?;
    let (root, own, port) = (folder(&artifacts)?, tempfile::tempdir()?, free_port()?);
    let settings = plain_nginx(own.path(), root.path(), port)?;
    // Whoever starts it as root has another user do the work, who is to see the files.
    if cfg!(unix) {
        Command::new("chmod").arg("755").arg(root.path()).status()?;
    }
    let host = start(Command::new(program).arg("-c").arg(settings).arg("-p").arg(own.path()), port)?;
    search_with_and_without_slash(&artifacts, host.address)?;
    for path in ["nowhere", "nowhere/", "catalog/nowhere.bin"] {
        assert_eq!(status(host.address, &format!("{BELOW}/{path}"))?, 404, "{path}");
    }
    Ok(())
}

/// A server that answers whatever it does not have with the page, and says of programs that they are bytes.
fn careless(root: &Path) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let root = root.to_path_buf();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let root = root.clone();
            // A connection that the browser drops half way is no fault of the page's.
            thread::spawn(move || answer(stream, &root));
        }
    });
    Ok(address)
}

fn answer(mut stream: TcpStream, root: &Path) -> Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().context("no request")??;
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let path = request.split(' ').nth(1).unwrap_or_default();
    let path = path.split(['?', '#']).next().unwrap_or_default().trim_start_matches('/');
    let file = root.join(path);
    let file =
        if !path.contains("..") && file.is_file() { file } else { root.join(BELOW).join("index.html") };
    let kind = match file.extension().and_then(|ending| ending.to_str()) {
        Some("html") => "text/html",
        Some("css") => "text/css",
        Some("js") => "text/javascript",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    };
    let body = fs::read(&file)?;
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    Ok(stream.write_all(&body)?)
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_host_that_has_the_page_for_everything_serves_it_and_a_wrong_address_says_so() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let root = folder(&artifacts)?;
    let address = careless(root.path())?;
    search_with_and_without_slash(&artifacts, address)?;
    let chromium = Chromium::start_for(&artifacts, address)?;
    let page = chromium.open(&format!("http://{address}/{BELOW}/no/where"), DESKTOP.0, DESKTOP.1)?;
    page.wait_for_state("failed")?;
    let said = page.text("[data-testid=error]")?;
    assert!(said.contains("address"), "{said}");
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn where_a_web_page_comes_in_the_place_of_a_catalog_there_is_no_catalog() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let root = tempfile::tempdir()?;
    copy_all(&artifacts.dist, &root.path().join(BELOW))?;
    let address = careless(root.path())?;
    let chromium = Chromium::start_for(&artifacts, address)?;
    let page = chromium.open(&format!("http://{address}/{BELOW}/"), DESKTOP.0, DESKTOP.1)?;
    page.wait_for_state("failed")?;
    let said = page.text("[data-testid=error]")?;
    let catalog = format!("http://{address}/{BELOW}/catalog/catalog.json answers with a web page.");
    assert!(said.contains("There is no catalog here") && said.contains(&catalog), "{said}");
    assert!(page.count("[data-testid=retry]")? >= 1, "a way to try again");
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_file_of_the_page_that_does_not_come_once_is_tried_again() -> Result<()> {
    let artifacts = Artifacts::from_env()?;
    let visit = Visit::alone("")?;
    let names: Vec<String> = visit.page.eval(
        "performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname).filter((path) => !path.includes('/catalog/'))",
    )?;
    let named = |start: &str, end: &str| {
        let found = names.iter().find(|name| name.starts_with(start) && name.ends_with(end));
        found.cloned().with_context(|| format!("no {start}*{end} in {names:#?}"))
    };
    let files = [
        named("/leaflet-", ".js")?,
        named("/base-", ".css")?,
        named("/app-", ".js")?,
        named("/app-", "_bg.wasm")?,
        "/worker_loader.js".to_owned(),
        "/worker.js".to_owned(),
        "/worker_bg.wasm".to_owned(),
    ];
    for file in files {
        // A browser of its own, which has nothing in its cache.
        let chromium = Chromium::start(&artifacts, &visit.site)?;
        chromium.recorder().fail_once(&file, Fault::BreakAfter(0));
        let page = chromium.open(&visit.site.url(""), DESKTOP.0, DESKTOP.1)?;
        page.wait_for_state("ready").with_context(|| format!("without the first answer for {file}"))?;
        assert!(!page.search("storage tanks")?.is_empty(), "{file}");
        assert!(
            page.eval::<bool>("[...document.styleSheets].every(({ cssRules }) => cssRules.length > 0)")?,
            "{file}"
        );
        let asked = chromium.recorder().seen().iter().filter(|request| request.url.ends_with(&file)).count();
        assert!(asked >= 2, "{file} was asked for {asked} times");
    }
    Ok(())
}
