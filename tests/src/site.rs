//! The real server on a free port, handing out the built page and a catalog.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::Artifacts;

/// A running server; it ends with this value.
pub struct Site {
    server: Child,
    address: SocketAddr,
}

impl Site {
    /// Serves the built page with the catalog in `catalog`.
    pub fn start(artifacts: &Artifacts, catalog: &Path) -> Result<Self> {
        Self::start_with(artifacts, catalog, &[])
    }

    /// The same with more words on the server's command line.
    pub fn start_with(artifacts: &Artifacts, catalog: &Path, words: &[&str]) -> Result<Self> {
        let address = free_address()?;
        let mut server = Command::new(&artifacts.server)
            .args(["--bind", &address.to_string()])
            .arg("--catalog")
            .arg(catalog)
            .arg("--app")
            .arg(&artifacts.dist)
            .args(words)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {}", artifacts.server.display()))?;
        // Kept flowing, so that the server never waits for somebody to read its log.
        if let Some(stderr) = server.stderr.take() {
            thread::spawn(move || BufReader::new(stderr).lines().map_while(Result::ok).for_each(drop));
        }
        let mut site = Self { server, address };
        site.wait_until_up()?;
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

    fn wait_until_up(&mut self) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(20) {
            if std::net::TcpStream::connect(self.address).is_ok() {
                return Ok(());
            }
            if let Some(status) = self.server.try_wait()? {
                bail!("the server ended at once ({status})");
            }
            thread::sleep(Duration::from_millis(50));
        }
        bail!("the server did not listen on {} within 20 s", self.address)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // Nothing is lost when the server has ended already.
        let _ended = self.server.kill();
        let _status = self.server.wait();
    }
}

fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0").context("looking for a free port")?.local_addr()?)
}
