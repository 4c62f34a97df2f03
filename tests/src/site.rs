//! The real server on a free port, handing out the built page and a catalog.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::Artifacts;

/// How long the server may take to say where it is.
const PATIENCE: Duration = Duration::from_secs(20);
/// What stands before and after its address in the line that says so.
const LINE: (&str, &str) = ("CLIP-RS is at http://", "/");

/// A running server; it ends with this value.
pub struct Site {
    server: Child,
    address: SocketAddr,
}

impl Site {
    /// Serves the built page with the catalog in `catalog`. The system chooses the port, so no other program can have it.
    pub fn start(artifacts: &Artifacts, catalog: &Path) -> Result<Self> {
        Self::start_with(artifacts, catalog, &[])
    }

    /// The same with more words on the server's command line.
    pub fn start_with(artifacts: &Artifacts, catalog: &Path, words: &[&str]) -> Result<Self> {
        Self::start_at(artifacts, catalog, SocketAddr::from(([127, 0, 0, 1], 0)), words)
    }

    /// The same at the address that a server had which has ended, so that it is the same site for browsers.
    pub fn start_at(
        artifacts: &Artifacts,
        catalog: &Path,
        address: SocketAddr,
        words: &[&str],
    ) -> Result<Self> {
        let mut server = Command::new(&artifacts.server)
            .args(["--bind", &address.to_string()])
            .arg("--catalog")
            .arg(catalog)
            .arg("--app")
            .arg(&artifacts.dist)
            .args(words)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {}", artifacts.server.display()))?;
        // Kept flowing, so that the server never waits for somebody to read its log.
        if let Some(stderr) = server.stderr.take() {
            thread::spawn(move || BufReader::new(stderr).lines().map_while(Result::ok).for_each(drop));
        }
        let stdout = server.stdout.take();
        // From here on the server ends with this value, whatever it says.
        let mut site = Self { server, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        site.address = said_address(stdout.context("the server's standard output")?)?;
        Ok(site)
    }

    /// The server's address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The page's address, with `fragment` (`#...`, or empty) after it.
    pub fn url(&self, fragment: &str) -> String {
        format!("http://{}/{fragment}", self.address)
    }
}

/// The address in the first line of a server's `output`, which it writes once it listens. What follows is read and dropped.
fn said_address(output: impl Read + Send + 'static) -> Result<SocketAddr> {
    let (say, said) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            // Nobody listens after the first line.
            let _ = say.send(line);
        }
    });
    let line =
        said.recv_timeout(PATIENCE).context("the server ended, or did not say where it is within 20 s")?;
    let address = line.strip_prefix(LINE.0).and_then(|rest| rest.strip_suffix(LINE.1));
    let address = address.with_context(|| format!("the server said no address, but {line:?}"))?;
    address.parse().with_context(|| format!("{address} is not an address"))
}

impl Drop for Site {
    fn drop(&mut self) {
        // Nothing is lost when the server has ended already.
        let _ended = self.server.kill();
        let _status = self.server.wait();
    }
}
