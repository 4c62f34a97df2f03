//! A whole file from the network, which may be large: it goes on where an earlier run ended, if the server has the same file still
//! and gives parts of it (RFC 9110, 14).

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use clip_rs_catalog::Digest;
use clip_rs_stage::StageError;
use clip_rs_stage::files::{self, Lock};
use clip_rs_stage::progress::Progress;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::FetchError;
use crate::address::shown;
use crate::client::{Client, Part, Refusal, Validators, Word};
use crate::pace::LONGEST;

/// Tries in a row of which nothing came before the run ends.
const TRIES: usize = 6;
/// The wait that a busy server is given that asks for none.
const BUSY_WAIT: Duration = Duration::from_secs(30);
/// The longest state that is read, bytes.
const MOST_STATE: u64 = 4096;
/// Bytes that are read at once.
const BUFFER: usize = 1 << 16;
/// In these progress is counted, bytes.
const MEGABYTE: u64 = 1_000_000;

/// What is known of a file that came in part.
#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    /// Digest of the address, in which there may be a key.
    clip_rs_download: String,
    etag: Option<String>,
    modified: Option<String>,
    is_whole: bool,
}

/// What to download.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Its address.
    pub source: &'a str,
    /// The most bytes that are taken.
    pub most: u64,
    /// Whether there is one file at this address for ever: then an interrupted download of it goes on even where the server does not
    /// say which file it has.
    pub is_fixed: bool,
    /// How long to wait before the second try; later waits are longer.
    pub first_wait: Duration,
}

/// A file that was downloaded, with what is noted beside it.
#[derive(Debug)]
pub struct Download {
    path: PathBuf,
    state: PathBuf,
}

impl Wanted<'_> {
    /// Asks what there is, without downloading it.
    pub fn ask(&self, client: &Client) -> Result<Word, FetchError> {
        let url = self.url()?;
        let mut patience = Patience::new(self.first_wait);
        loop {
            match client.ask(&url) {
                Ok(word) => return Ok(word),
                Err(refusal) => {
                    patience.wait(refusal).map_err(|why| FetchError::service(shown(self.source), why))?;
                }
            }
        }
    }

    fn url(&self) -> Result<Url, FetchError> {
        let url = Url::parse(self.source).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        url.ok_or_else(|| FetchError::service(shown(self.source), "addresses begin with https:// or http://"))
    }
}

impl Download {
    /// Downloads what is wanted into the file `to`. What an earlier run got is not asked for again, as far as the server says that
    /// it has the same file still.
    pub fn get(client: &Client, wanted: Wanted<'_>, to: &Path) -> Result<Self, FetchError> {
        let (name, url) = (shown(wanted.source), wanted.url()?);
        let download = Self { path: to.to_owned(), state: files::beside(to, "json")? };
        let mut getting = Getting::open(&download, &url, wanted)?;
        let mut patience = Patience::new(wanted.first_wait);
        while !getting.state.is_whole {
            let before = getting.length;
            let refusal = match getting.more(client) {
                Ok(()) => continue,
                Err(Failure::Refused(refusal)) => refusal,
                Err(Failure::File(error)) => return Err(error.into()),
            };
            if getting.length > before {
                patience = Patience::new(wanted.first_wait);
            }
            patience.wait(refusal).map_err(|why| FetchError::service(&name, why))?;
        }
        Ok(download)
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes it.
    pub fn remove(self) -> Result<(), FetchError> {
        for path in [&self.path, &self.state] {
            std::fs::remove_file(path).map_err(StageError::io("remove", path))?;
        }
        Ok(())
    }

    /// Gives it another name in its folder, by which it is kept.
    pub fn keep(self, path: &Path) -> Result<(), FetchError> {
        std::fs::rename(&self.path, path).map_err(StageError::io("write", path))?;
        std::fs::remove_file(&self.state).map_err(StageError::io("remove", &self.state))?;
        Ok(())
    }
}

/// How often and how long is waited before a server is asked once more.
struct Patience(ExponentialBackoff);

impl Patience {
    fn new(first_wait: Duration) -> Self {
        let waits = ExponentialBuilder::default().with_min_delay(first_wait).with_max_delay(BUSY_WAIT);
        Self(waits.with_max_times(TRIES - 1).with_jitter().build())
    }

    /// Waits as such an answer wants it. Where there is to be no other try, the reason.
    fn wait(&mut self, refusal: Refusal) -> Result<(), String> {
        let (wait, why) = match refusal {
            Refusal::Final(why) => return Err(why),
            Refusal::Busy(asked, why) => {
                let wait = asked.unwrap_or(BUSY_WAIT);
                (self.0.next().filter(|_| wait <= LONGEST).map(|_| wait), why)
            }
            Refusal::Passing(why) => (self.0.next(), why),
        };
        let end = || format!("{why}. What came is kept: run the same command again");
        std::thread::sleep(wait.ok_or_else(end)?);
        Ok(())
    }
}

/// A download that is under way.
struct Getting<'a> {
    of: &'a Download,
    url: &'a Url,
    wanted: Wanted<'a>,
    lock: Lock,
    length: u64,
    state: State,
}

enum Failure {
    Refused(Refusal),
    File(StageError),
}

impl<'a> Getting<'a> {
    fn open(of: &'a Download, url: &'a Url, wanted: Wanted<'a>) -> Result<Self, StageError> {
        let (path, key) = (&of.path, Digest::of(url.as_str().as_bytes()).to_string());
        let before = of.state.exists().then(|| files::read_at_most(&of.state, MOST_STATE)).transpose()?;
        let before: Option<State> = before.and_then(|text| serde_json::from_slice(&text).ok());
        for mine in [path, &of.state] {
            if mine.exists() && before.is_none() {
                let why = "this is somebody's file, where a download would lie: give another --out";
                return Err(StageError::content(mine, why));
            }
        }
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let lock = Lock::take(opened.map_err(StageError::io("open", path))?)
            .map_err(StageError::io("lock", path))?;
        let lock = lock.ok_or_else(|| StageError::content(path, "another run is downloading it"))?;
        let length = lock.file().metadata().map_err(StageError::io("read", path))?.len();
        let state = before.filter(|state| state.clip_rs_download == key);
        let state = state.unwrap_or_else(|| State { clip_rs_download: key, ..State::default() });
        Ok(Self { of, url, wanted, lock, length, state })
    }

    /// Asks for what is missing, and keeps what comes.
    fn more(&mut self, client: &Client) -> Result<(), Failure> {
        let known = Validators { etag: self.state.etag.clone(), modified: self.state.modified.clone() };
        let known = (!self.wanted.is_fixed).then_some(&known);
        // Without a word of the server about what it sent then, it may be part of another file.
        let from = if known.is_some_and(Validators::is_empty) { 0 } else { self.length };
        let mut part = client.get_part(self.url, from, known).map_err(Failure::Refused)?;
        if part.start != from || from == 0 {
            self.begin(&part).map_err(Failure::File)?;
        }
        let most = self.wanted.most;
        if let Some(total) = part.total.filter(|total| *total > most) {
            let why = format!("it has {total} bytes, more than {most}");
            return Err(Failure::Refused(Refusal::Final(why)));
        }
        self.take(&mut part)?;
        match part.total {
            Some(total) if self.length != total => {
                let why = format!("it broke off after {} of {total} bytes", self.length);
                Err(Failure::Refused(Refusal::Passing(why)))
            }
            _ => {
                files::sync(&self.of.path).map_err(Failure::File)?;
                self.state.is_whole = true;
                self.write_state().map_err(Failure::File)
            }
        }
    }

    /// Begins anew, with what the server says of its file.
    fn begin(&mut self, part: &Part) -> Result<(), StageError> {
        self.lock.file().set_len(0).map_err(StageError::io("write", &self.of.path))?;
        self.length = 0;
        let Validators { etag, modified } = part.validators.clone();
        self.state = State { etag, modified, is_whole: false, ..std::mem::take(&mut self.state) };
        self.write_state()
    }

    fn take(&mut self, part: &mut Part) -> Result<(), Failure> {
        let io = |verb| StageError::io(verb, &self.of.path);
        let mut file: &File = self.lock.file();
        file.seek(SeekFrom::Start(self.length)).map_err(|error| Failure::File(io("write")(error)))?;
        let mut buffer = vec![0; BUFFER];
        let name = self.url.path_segments().and_then(Iterator::last).unwrap_or_default();
        let megabytes = |bytes: u64| (bytes / MEGABYTE) as usize;
        let progress = part.total.map(|total| {
            Progress::start(&format!("Downloading {name}, MB"), megabytes(total) - megabytes(self.length))
        });
        loop {
            let read = part.body.read(&mut buffer);
            let read =
                read.map_err(|error| Failure::Refused(Refusal::Passing(format!("it broke off ({error})"))))?;
            let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
            let length = self.length + read as u64;
            if length > self.wanted.most {
                let why = format!("it sends more than {} bytes", self.wanted.most);
                return Err(Failure::Refused(Refusal::Final(why)));
            }
            file.write_all(bytes).map_err(|error| Failure::File(io("write")(error)))?;
            if let Some(progress) = &progress {
                progress.advance(megabytes(length) - megabytes(self.length));
            }
            self.length = length;
        }
        if let Some(progress) = progress {
            progress.finish();
        }
        Ok(())
    }

    fn write_state(&self) -> Result<(), StageError> {
        let text = serde_json::to_vec(&self.state).map_err(StageError::engine(self.of.state.display()))?;
        files::write_durably(&self.of.state, &text)
    }
}
