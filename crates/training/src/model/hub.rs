//! Fetches a published checkpoint from a model hub, and makes a package of it.
//!
//! The hub's protocol and cache are the hf-hub crate's; its environment variables hold: `HF_ENDPOINT` (another hub),
//! `HF_HOME` (where files are kept), `HF_TOKEN` (for models that need permission; never read from a file). An
//! interrupted download goes on where it stopped, and what arrives is compared with the hash that the hub announced.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hf_hub::api::sync::{Api, ApiBuilder, ApiError, ApiRepo};
use hf_hub::{Cache, Repo, RepoType};

use super::import::{Imported, Quantization, import_as};
use super::layout::Said;
use super::presets::{Layout, Preset};
use clip_rs_stage::progress::Progress;
use clip_rs_stage::{StageError, files};

/// How often a download is taken up again before it is given up.
const ATTEMPTS: u32 = 6;

/// A file that the hub has.
#[derive(Debug)]
pub struct Remote {
    /// Its path in the repository.
    pub file: String,
    /// Its length, bytes.
    pub bytes: u64,
    /// SHA-256 in hexadecimal digits, where the hub knows it: of large files.
    sha256: Option<String>,
}

/// What will be downloaded.
#[derive(Debug)]
pub struct Plan {
    preset: &'static Preset,
    /// The repository's state that is fetched.
    pub revision: String,
    /// The files.
    pub files: Vec<Remote>,
}

/// A hub, as the environment names it.
pub struct Hub {
    api: Api,
    cache: Cache,
}

impl Hub {
    /// The hub that `HF_ENDPOINT` names, else hf-hub's own.
    pub fn from_env() -> Result<Self, StageError> {
        if std::env::var_os("HF_HOME").is_none() && dirs::home_dir().is_none() {
            let why = "there is no home folder to keep downloads in: set HF_HOME";
            return Err(StageError::Request(why.to_owned()));
        }
        let token = std::env::var("HF_TOKEN").ok().filter(|token| !token.is_empty());
        let api = ApiBuilder::from_env().with_token(token).with_progress(false).build();
        Ok(Self { api: api.map_err(StageError::engine("the model hub"))?, cache: Cache::from_env() })
    }

    /// Asks the hub what there is of a preset.
    pub fn plan(&self, preset: &'static Preset) -> Result<Plan, StageError> {
        let latest = self.api.repo(Repo::model(preset.repository.to_owned()));
        let mut plan = Plan { preset, revision: String::new(), files: Vec::new() };
        let (weights, described): (&[&str], &[&str]) = match &preset.layout {
            Layout::Folder { described, weights } => (weights, described),
            Layout::StateDict { files, .. } => (files, &[]),
        };
        for (at, file) in described.iter().enumerate() {
            if !self.find(&latest, file, &mut plan)? && at == 0 {
                return Err(nothing(preset, &[file]));
            }
        }
        for file in weights {
            if self.find(&latest, file, &mut plan)? {
                return Ok(plan);
            }
        }
        Err(nothing(preset, weights))
    }

    /// Adds a file to a plan; whether there is such a file.
    fn find(&self, repository: &ApiRepo, file: &str, plan: &mut Plan) -> Result<bool, StageError> {
        let subject = format!("{} in {}", file, plan.preset.repository);
        let metadata = match self.api.metadata(&repository.url(file)) {
            Ok(metadata) => metadata,
            Err(error) if status(&error) == Some(404) => return Ok(false),
            Err(error) => return Err(refused(subject, error)),
        };
        let (revision, tag) = (metadata.commit_hash(), metadata.etag());
        // Both become names in the cache.
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        if !is_hex(revision) || !is_hex(tag) {
            let why = format!("{subject}: the hub answers with revision {revision:?} and tag {tag:?}");
            return Err(StageError::Request(why));
        }
        if !plan.revision.is_empty() && plan.revision != revision {
            let why = format!("{} changed in this moment; try again", plan.preset.repository);
            return Err(StageError::Request(why));
        }
        plan.revision = revision.to_owned();
        let sha256 = (tag.len() == 64).then(|| tag.to_ascii_lowercase());
        plan.files.push(Remote { file: file.to_owned(), bytes: metadata.size() as u64, sha256 });
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
        let repository =
            Repo::with_revision(plan.preset.repository.to_owned(), RepoType::Model, plan.revision.clone());
        let mut hashes = Vec::new();
        let mut last = PathBuf::new();
        for remote in &plan.files {
            let kept = self.cache.repo(repository.clone()).get(&remote.file);
            last = match kept {
                Some(path) => path,
                None => self.download(&repository, remote)?,
            };
            hashes.push(format!("{} (SHA-256 {})", remote.file, checked(&last, remote)?));
        }
        let provenance = format!(
            "Fetched from {}, revision {}: {}",
            plan.preset.repository,
            plan.revision,
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

    fn download(&self, repository: &Repo, remote: &Remote) -> Result<PathBuf, StageError> {
        let repository = self.api.repo(repository.clone());
        let mut attempt = 0;
        loop {
            attempt += 1;
            match repository.download_with_progress(&remote.file, Megabytes::default()) {
                Ok(path) => return Ok(path),
                Err(error) if attempt < ATTEMPTS && status(&error).is_none_or(|status| status >= 500) => {
                    eprintln!("{}: {error}; going on from there", remote.file);
                    std::thread::sleep(Duration::from_millis(250 << attempt));
                }
                Err(error) => return Err(refused(remote.file.clone(), error)),
            }
        }
    }
}

impl Plan {
    /// All there is to download, bytes.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|remote| remote.bytes).sum()
    }
}

/// SHA-256 of a downloaded file; one that is not what the hub announced is removed.
fn checked(path: &Path, remote: &Remote) -> Result<String, StageError> {
    let found = files::sha256(path)?;
    match &remote.sha256 {
        Some(expected) if *expected != found => {
            if let Ok(content) = fs::canonicalize(path) {
                fs::remove_file(&content).map_err(StageError::io("remove", &content))?;
            }
            // On Unix that was the content, and this is the link to it.
            if path.is_symlink() {
                fs::remove_file(path).map_err(StageError::io("remove", path))?;
            }
            let why =
                format!("SHA-256 is {found}, the hub announced {expected}; the file was removed, try again");
            Err(StageError::content(path, why))
        }
        _ => Ok(found),
    }
}

/// Progress of a download in whole megabytes.
#[derive(Default)]
struct Megabytes {
    shown: Option<Progress>,
    bytes: usize,
}

const MEGABYTE: usize = 1_000_000;

impl hf_hub::api::Progress for Megabytes {
    fn init(&mut self, size: usize, filename: &str) {
        self.bytes = 0;
        self.shown
            .get_or_insert_with(|| Progress::start(&format!("Fetching {filename}, MB"), size / MEGABYTE));
    }

    fn update(&mut self, size: usize) {
        let before = self.bytes / MEGABYTE;
        self.bytes += size;
        if let Some(shown) = &self.shown
            && self.bytes / MEGABYTE > before
        {
            shown.advance(self.bytes / MEGABYTE - before);
        }
    }

    fn finish(&mut self) {
        if let Some(shown) = self.shown.take() {
            shown.finish();
        }
    }
}

fn nothing(preset: &Preset, files: &[&str]) -> StageError {
    StageError::Request(format!("{} has none of {}", preset.repository, files.join(", ")))
}

/// The hub's answer, if it was one.
fn status(error: &ApiError) -> Option<u16> {
    match error {
        ApiError::RequestError(error) => match **error {
            ureq::Error::StatusCode(status) => Some(status),
            _ => None,
        },
        _ => None,
    }
}

fn refused(subject: String, error: ApiError) -> StageError {
    match status(&error) {
        Some(401 | 403) => StageError::Request(format!(
            "{subject}: the hub wants permission. Agree to the terms on the model's page, if it has some, and set \
             HF_TOKEN to a token of your account"
        )),
        _ => StageError::engine(subject)(error),
    }
}

fn is_hex(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
