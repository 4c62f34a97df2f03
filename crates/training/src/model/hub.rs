//! Fetches a published checkpoint from a model hub, and makes a package of it.
//!
//! The hub's addresses and the folders of its cache are those of Hugging Face, so what its own tools fetched is not fetched
//! again, and its environment variables hold: `HF_ENDPOINT` (another hub), `HF_HOME` (where files are kept), `HF_TOKEN` (for
//! models that need permission; never read from a file). Mirrors may say less of a file than the hub does: of its revision, hash
//! and length each is checked where it is said. An interrupted download goes on where it stopped.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clip_rs_fetch::{Announced, Client, Download, FetchError, Secret, Wanted, Word};

use super::import::{Imported, Quantization, import_as};
use super::layout::Said;
use super::presets::{Layout, Preset};
use clip_rs_stage::{StageError, files};

/// The hub that is asked where the environment names none.
const HUB: &str = "https://huggingface.co";
/// The longest file that is fetched, bytes.
const MOST_BYTES: u64 = 64 << 30;
/// The wait before the second try.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// The name of the newest revision.
const NEWEST: &str = "main";
/// As far into a file a web page says that it is one, bytes.
const PAGE_BEGINS: u64 = 256;

/// A file that the hub has.
#[derive(Debug)]
pub struct Remote {
    /// Its path in the repository.
    pub file: String,
    /// Its length, bytes, where the hub says it.
    pub bytes: Option<u64>,
    /// SHA-256 in hexadecimal digits, where the hub knows it: of large files.
    sha256: Option<String>,
}

/// What will be downloaded.
#[derive(Debug)]
pub struct Plan {
    preset: &'static Preset,
    /// The repository's state that is fetched, where the hub names it.
    revision: Option<String>,
    /// The files.
    pub files: Vec<Remote>,
}

/// A hub, and where what it has is kept.
pub struct Hub {
    client: Client,
    endpoint: String,
    folder: PathBuf,
    first_wait: Duration,
}

impl Hub {
    /// The hub that the environment names.
    pub fn from_env() -> Result<Self, StageError> {
        let set = |name| std::env::var(name).ok().filter(|value: &String| !value.trim().is_empty());
        let home = std::env::var_os("HF_HOME").map(PathBuf::from);
        let home = home.or_else(|| Some(dirs::home_dir()?.join(".cache/huggingface"))).ok_or_else(|| {
            StageError::Request("there is no home folder to keep downloads in: set HF_HOME".to_owned())
        })?;
        let endpoint = set("HF_ENDPOINT").unwrap_or_else(|| HUB.to_owned());
        let hub = Self::new(&endpoint, home.join("hub"));
        match set("HF_TOKEN") {
            Some(_) => {
                let token =
                    Secret::from_environment("HF_TOKEN").map_err(StageError::engine("the model hub"))?;
                Ok(Self { client: hub.client.with_bearer(token), ..hub })
            }
            None => Ok(hub),
        }
    }

    /// The hub at an address, of which files are kept in `folder`.
    pub fn new(endpoint: &str, folder: PathBuf) -> Self {
        let endpoint = endpoint.trim_end_matches('/').to_owned();
        Self { client: Client::new(None), endpoint, folder, first_wait: FIRST_WAIT }
    }

    /// With other times: after how long without a byte a connection counts as broken, and how long to wait before the second try.
    pub fn with_times(self, silence: Duration, first_wait: Duration) -> Self {
        Self { client: self.client.with_silence(silence), first_wait, ..self }
    }

    /// Asks the hub what there is of a preset.
    pub fn plan(&self, preset: &'static Preset) -> Result<Plan, StageError> {
        let mut plan = Plan { preset, revision: None, files: Vec::new() };
        let (weights, described): (&[&str], &[&str]) = match &preset.layout {
            Layout::Folder { described, weights } => (weights, described),
            Layout::StateDict { files, .. } => (files, &[]),
        };
        for (at, file) in described.iter().enumerate() {
            if !self.find(file, &mut plan)? && at == 0 {
                return Err(nothing(preset, &[file]));
            }
        }
        for file in weights {
            if self.find(file, &mut plan)? {
                return Ok(plan);
            }
        }
        Err(nothing(preset, weights))
    }

    /// Adds a file to a plan; whether there is such a file.
    fn find(&self, file: &str, plan: &mut Plan) -> Result<bool, StageError> {
        let subject = || format!("{file} in {}", plan.preset.repository);
        let source = self.address(plan.preset, NEWEST, file);
        let announced = match self.wanted(&source, false, MOST_BYTES).ask(&self.client) {
            Ok(Word::Has(announced)) => announced,
            Ok(Word::Nothing) => return Ok(false),
            Ok(Word::Denied) => {
                let why = "the hub wants permission. Agree to the terms on the model's page, if it has some, and set HF_TOKEN \
                           to a token of your account";
                return Err(StageError::Request(format!("{}: {why}", subject())));
            }
            Err(error) => return Err(StageError::engine(subject())(error)),
        };
        // It becomes a name in the cache.
        let revision = announced.header("x-repo-commit").filter(|revision| is_hex(revision));
        if let (Some(before), Some(now)) = (plan.revision.as_deref(), revision)
            && before != now
        {
            let why = format!("{} changed in this moment; try again", plan.preset.repository);
            return Err(StageError::Request(why));
        }
        plan.revision = plan.revision.take().or(revision.map(str::to_owned));
        plan.files.push(Remote::new(file, &announced));
        Ok(true)
    }

    /// Downloads what is not there yet, and writes it as a package into `out`.
    pub fn pull(
        &self,
        plan: &Plan,
        out: &Path,
        quantization: Quantization,
        said: &Said,
    ) -> Result<Imported, StageError> {
        let mut hashes = Vec::new();
        let mut last = PathBuf::new();
        for remote in &plan.files {
            let (path, hash) = self.have(plan, remote)?;
            hashes.push(format!("{} (SHA-256 {hash})", remote.file));
            last = path;
        }
        let provenance = format!(
            "Fetched from {}, revision {}: {}",
            plan.preset.repository,
            plan.revision(),
            hashes.join(", ")
        );
        let mut said = said.clone();
        said.provenance = Some(provenance);
        said.name.get_or_insert_with(|| plan.preset.name.to_owned());
        said.licence.get_or_insert_with(|| plan.preset.licence.to_owned());
        let source = match &plan.preset.layout {
            Layout::Folder { .. } => last.parent().unwrap_or(&last),
            Layout::StateDict { activation, .. } => {
                said.activation.get_or_insert(*activation);
                &last
            }
        };
        import_as(source, out, quantization, &said)
    }

    /// A file with its SHA-256: the kept one, or else a downloaded one.
    fn have(&self, plan: &Plan, remote: &Remote) -> Result<(PathBuf, String), StageError> {
        let repository = format!("models--{}", plan.preset.repository.replace('/', "--"));
        let path = self.folder.join(repository).join("snapshots").join(plan.revision()).join(&remote.file);
        // Of a file without a known length or hash it is not known whether all of it is here.
        if path.exists() && (remote.bytes.is_some() || remote.sha256.is_some()) {
            match remote.check(&path)? {
                Ok(hash) => return Ok((path, hash)),
                Err(why) => eprintln!("{}: {why}; it is downloaded anew", path.display()),
            }
        }
        files::make_folder(path.parent().unwrap_or(&path))?;
        let source = self.address(plan.preset, plan.revision(), &remote.file);
        let most = remote.bytes.unwrap_or(MOST_BYTES);
        let wanted = self.wanted(&source, plan.revision.is_some(), most);
        let refuse = |error: FetchError| StageError::engine(&remote.file)(error);
        let download = Download::get(&self.client, wanted, &files::beside(&path, "part")?).map_err(refuse)?;
        match remote.check(download.path())? {
            Ok(hash) => {
                download.keep(&path).map_err(refuse)?;
                Ok((path, hash))
            }
            Err(why) => {
                download.remove().map_err(refuse)?;
                Err(StageError::content(path, format!("{why}; what came was removed, try again")))
            }
        }
    }

    fn address(&self, preset: &Preset, revision: &str, file: &str) -> String {
        format!("{}/{}/resolve/{revision}/{file}", self.endpoint, preset.repository)
    }

    fn wanted<'a>(&self, source: &'a str, is_fixed: bool, most: u64) -> Wanted<'a> {
        Wanted { source, most, is_fixed, first_wait: self.first_wait }
    }
}

impl Plan {
    /// The repository's state that is fetched.
    pub fn revision(&self) -> &str {
        self.revision.as_deref().unwrap_or(NEWEST)
    }

    /// All there is to download, bytes, where the hub says it of every file.
    pub fn bytes(&self) -> Option<u64> {
        self.files.iter().map(|remote| remote.bytes).sum()
    }
}

impl Remote {
    fn new(file: &str, announced: &Announced) -> Self {
        let linked = announced.header("x-linked-size").and_then(|bytes| bytes.parse().ok());
        let tag = announced.header("x-linked-etag").or_else(|| announced.header("etag")).unwrap_or_default();
        let tag = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"');
        let sha256 = (tag.len() == 64 && is_hex(tag)).then(|| tag.to_ascii_lowercase());
        Self { file: file.to_owned(), bytes: linked.or(announced.total), sha256 }
    }

    /// SHA-256 of a file that was downloaded, or why it is not this one.
    fn check(&self, path: &Path) -> Result<Result<String, String>, StageError> {
        let length = fs::metadata(path).map_err(StageError::io("read", path))?.len();
        let begin = files::read_begin(path, PAGE_BEGINS)?.to_ascii_lowercase();
        let begin = begin.trim_ascii_start();
        let found = files::sha256(path)?;
        Ok(match (self.bytes, &self.sha256) {
            _ if begin.starts_with(b"<!doctype") || begin.starts_with(b"<html") => {
                Err("this is a web page: does something between here and the hub want to be signed in to?"
                    .to_owned())
            }
            (Some(bytes), _) if bytes != length => Err(format!("it has {length} of {bytes} bytes")),
            (_, Some(hash)) if *hash != found => Err(format!("SHA-256 is {found}, the hub announced {hash}")),
            _ => Ok(found),
        })
    }
}

fn nothing(preset: &Preset, files: &[&str]) -> StageError {
    StageError::Request(format!("{} has none of {}", preset.repository, files.join(", ")))
}

fn is_hex(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
