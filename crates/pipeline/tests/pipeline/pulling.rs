//! `clip-rs model pull` against a small server that imitates a model hub, with its faults.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use candle_core::{DType, Device, Tensor};
use sha2::{Digest, Sha256};

use crate::support::{command, said};

pub(crate) const REVISION: &str = "0123456789abcdef0123456789abcdef01234567";

/// What the hub has and does.
#[derive(Default)]
pub(crate) struct Files {
    /// By path in the repository.
    pub content: BTreeMap<String, Vec<u8>>,
    /// Files whose announced hash is another.
    pub lying: Vec<String>,
    /// Close the connection half way, so many times.
    pub cuts: usize,
    /// Ask for a token.
    pub closed: bool,
    /// Send those who are permitted on to this site.
    pub moved: Option<String>,
    /// Requests with a token.
    pub tokens: usize,
    /// What it does not say of its files.
    pub unsaid: &'static [Unsaid],
    /// What it does in place of answering, once each.
    pub troubles: Vec<Trouble>,
    /// Requests for content from a byte on: file and byte.
    pub asked: Vec<(String, usize)>,
}

/// What mirrors leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unsaid {
    Tag,
    Revision,
    /// It takes no notice of ranges.
    Range,
    Length,
}

/// What goes wrong on the way.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Trouble {
    /// Nothing comes, and the connection stays.
    Hangs,
    /// The answer to a request for content stands still half way.
    HangsHalfWay,
    /// 429, come again at once.
    Busy,
    /// 500.
    Fails,
    /// A page to sign in at, in place of any file.
    Page,
}

/// Longer than any test here waits for a byte.
const HANGING: Duration = Duration::from_secs(20);

pub(crate) struct Hub {
    pub address: String,
    pub files: Arc<Mutex<Files>>,
}

impl Hub {
    /// Answers in the background for as long as the test runs.
    pub fn start(files: Files) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let files = Arc::new(Mutex::new(files));
        let shared = Arc::clone(&files);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || {
                    // A client that went away is no matter.
                    let _ = stream.and_then(|stream| answer(stream, &shared));
                });
            }
        });
        Self { address, files }
    }

    /// The requests for content so far.
    pub fn asked(&self) -> Vec<usize> {
        self.files.lock().expect("no panic").asked.iter().map(|(_, first)| *first).collect()
    }

    pub fn pull(&self, folder: &Path, name: &str, more: &[&str]) -> Output {
        let out = folder.join("package");
        command(["model", "pull", name, "--out", &out.to_string_lossy()].iter().chain(more))
            .env("HF_ENDPOINT", &self.address)
            .env("HF_HOME", folder.join("hub"))
            .env_remove("HF_TOKEN")
            .env("NO_PROXY", "127.0.0.1")
            .output()
            .expect("the command starts")
    }
}

/// Answers one request: `GET /OWNER/REPOSITORY/resolve/REVISION/FILE` with a range.
fn answer(mut stream: TcpStream, files: &Mutex<Files>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    let headers: Vec<String> = lines
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty())
        .map(|line| line.to_lowercase())
        .collect();
    let mut files = files.lock().expect("no test panicked");
    let is_for_content = !headers.iter().any(|line| line == "range: bytes=0-0");
    let trouble = match files.troubles.last() {
        Some(Trouble::HangsHalfWay) if !is_for_content => None,
        _ => files.troubles.pop(),
    };
    let close = "Connection: close\r\n\r\n";
    match trouble {
        None | Some(Trouble::HangsHalfWay) => {}
        Some(Trouble::Hangs) => {
            drop(files);
            std::thread::sleep(HANGING);
            return Ok(());
        }
        Some(Trouble::Busy) => {
            return write!(
                stream,
                "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0\r\nContent-Length: 0\r\n{close}"
            );
        }
        Some(Trouble::Fails) => {
            return write!(stream, "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n{close}");
        }
        Some(Trouble::Page) => {
            return write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{close}{PAGE}", PAGE.len());
        }
    }
    let path = request.split(' ').nth(1).unwrap_or_default();
    let name = path.splitn(6, '/').nth(5).unwrap_or_default().to_owned();
    let permitted = headers.iter().any(|line| line == "authorization: bearer secret");
    files.tokens += usize::from(headers.iter().any(|line| line.starts_with("authorization:")));
    if files.closed && !permitted {
        return write!(stream, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
    if let Some(site) = &files.moved {
        return write!(
            stream,
            "HTTP/1.1 302 Found\r\nLocation: {site}{path}\r\nX-Repo-Commit: {REVISION}\r\nContent-Length: 0\r\n{close}"
        );
    }
    let Some(content) = files.content.get(&name).cloned() else {
        return write!(stream, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    };
    let says = |what| !files.unsaid.contains(&what);
    let range = headers.iter().find_map(|line| line.strip_prefix("range: bytes=")).unwrap_or("0-");
    let range = if says(Unsaid::Range) { range } else { "0-" };
    let (first, last) = range.split_once('-').unwrap_or((range, ""));
    let first: usize = first.parse().unwrap_or(0);
    let end = last.parse().map_or(content.len(), |last: usize| (last + 1).min(content.len()));
    let mut hash: Vec<u8> = Sha256::digest(&content).to_vec();
    if files.lying.contains(&name) {
        hash.reverse();
    }
    let tag: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let lines = [
        (Unsaid::Length, format!("Content-Length: {}", end - first)),
        (Unsaid::Range, format!("Content-Range: bytes {first}-{}/{}", end.saturating_sub(1), content.len())),
        (Unsaid::Tag, format!("ETag: \"{tag}\"")),
        (Unsaid::Revision, format!("X-Repo-Commit: {REVISION}")),
    ];
    let lines: String =
        lines.iter().filter(|(what, _)| says(*what)).map(|(_, line)| format!("{line}\r\n")).collect();
    let status = if says(Unsaid::Range) { "206 Partial Content" } else { "200 OK" };
    write!(stream, "HTTP/1.1 {status}\r\n{lines}{close}")?;
    let mut body = &content[first..end];
    if is_for_content {
        files.asked.push((name, first));
        if files.cuts > 0 && body.len() > 1000 {
            files.cuts -= 1;
            body = &body[..body.len() / 2];
        }
    }
    drop(files);
    if matches!(trouble, Some(Trouble::HangsHalfWay)) {
        stream.write_all(&body[..body.len() / 2])?;
        std::thread::sleep(HANGING);
        return Ok(());
    }
    stream.write_all(body)
}

/// A state dict as the presets for them expect it: two layers, but all of CLIP's tokens.
pub(crate) fn state_dict() -> Vec<u8> {
    let mut tensors: BTreeMap<String, Tensor> = BTreeMap::new();
    let mut add = |name: &str, shape: &[usize]| {
        let count: usize = shape.iter().product();
        // The scale's logarithm is larger than a weight.
        let middle = if name == "logit_scale" { 3.0 } else { 0.0 };
        let values: Vec<f32> =
            (0..count).map(|i| middle + ((i * 7919 % 101) as f32 - 50.0) / 400.0).collect();
        let tensor =
            Tensor::from_vec(values, shape, &Device::Cpu).and_then(|tensor| tensor.to_dtype(DType::F16));
        tensors.insert(name.to_owned(), tensor.expect("a tensor"));
    };
    add("logit_scale", &[]);
    add("text_projection", &[64, 32]);
    add("positional_embedding", &[77, 64]);
    add("token_embedding.weight", &[49_408, 64]);
    add("visual.proj", &[64, 32]);
    add("visual.class_embedding", &[64]);
    add("visual.positional_embedding", &[5, 64]);
    add("visual.conv1.weight", &[64, 3, 16, 16]);
    for (tower, norms) in [("", &["ln_final"][..]), ("visual.", &["ln_pre", "ln_post"])] {
        let block = format!("{tower}transformer.resblocks.0");
        add(&format!("{block}.attn.in_proj_weight"), &[192, 64]);
        add(&format!("{block}.attn.in_proj_bias"), &[192]);
        add(&format!("{block}.attn.out_proj.weight"), &[64, 64]);
        add(&format!("{block}.attn.out_proj.bias"), &[64]);
        add(&format!("{block}.mlp.c_fc.weight"), &[96, 64]);
        add(&format!("{block}.mlp.c_fc.bias"), &[96]);
        add(&format!("{block}.mlp.c_proj.weight"), &[64, 96]);
        add(&format!("{block}.mlp.c_proj.bias"), &[64]);
        let within = [format!("{block}.ln_1"), format!("{block}.ln_2")];
        for norm in within.into_iter().chain(norms.iter().map(|norm| format!("{tower}{norm}"))) {
            add(&format!("{norm}.weight"), &[64]);
            add(&format!("{norm}.bias"), &[64]);
        }
    }
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("x.safetensors");
    let tensors: std::collections::HashMap<_, _> = tensors.into_iter().collect();
    candle_core::safetensors::save(&tensors, &path).expect("written");
    fs::read(path).expect("written")
}

/// What a network that wants to be signed in to sends.
const PAGE: &str = "\n<!DOCTYPE html><title>Sign in</title>";
pub(crate) const FILE: &str = "RemoteCLIP-ViT-B-32.pt";
pub(crate) const NAME: &str = "remoteclip-vit-b-32";

pub(crate) fn with_state_dict() -> Files {
    Files { content: BTreeMap::from([(FILE.to_owned(), state_dict())]), ..Files::default() }
}

pub(crate) fn downloads(folder: &Path) -> Vec<PathBuf> {
    let snapshots = folder.join("hub/hub/models--chendelong--RemoteCLIP/snapshots");
    let files = clip_rs_stage::files::walk(&snapshots).expect("the cache");
    files.into_iter().map(|(_, path)| path).collect()
}

#[test]
fn a_download_that_is_cut_off_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let hub = Hub::start(Files { cuts: 2, ..with_state_dict() });
    let output = hub.pull(folder.path(), NAME, &["--yes"]);
    let shown = said(&output);
    assert!(shown.contains("licence: see the model's page") && shown.contains(FILE), "{shown}");
    let length = state_dict().len();
    assert_eq!(hub.asked(), [0, length / 2, length - (length - length / 2).div_ceil(2)]);

    let config = fs::read_to_string(folder.path().join("package/model.json")).expect("a package");
    let hash: String = Sha256::digest(state_dict()).iter().map(|byte| format!("{byte:02x}")).collect();
    let provenance =
        format!("Fetched from chendelong/RemoteCLIP, revision {REVISION}: {FILE} (SHA-256 {hash})");
    assert!(config.contains(&provenance) && config.contains("\"activation\": \"gelu\""), "{config}");

    // A second time everything is there already.
    said(&hub.pull(folder.path(), NAME, &["--yes"]));
    assert_eq!(hub.asked().len(), 3);
}

#[test]
fn a_file_with_another_hash_than_announced_is_refused_and_removed() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let hub = Hub::start(Files { lying: vec![FILE.to_owned()], ..with_state_dict() });
    let output = hub.pull(folder.path(), NAME, &["--yes"]);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.contains(FILE) && errors.contains("the hub announced"), "{errors}");
    assert!(!folder.path().join("package").exists(), "no package was written");
    assert!(downloads(folder.path()).is_empty());
    // When the hub tells the truth again, it works.
    hub.files.lock().expect("no panic").lying.clear();
    said(&hub.pull(folder.path(), NAME, &["--yes"]));
}

#[test]
fn nothing_is_downloaded_unasked_and_what_is_missing_is_named() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let hub = Hub::start(with_state_dict());
    let refused = |output: Output| {
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let errors = refused(hub.pull(folder.path(), NAME, &[]));
    assert!(errors.contains("give --yes to download"), "{errors}");
    let errors = refused(hub.pull(folder.path(), "no-such-model", &["--yes"]));
    assert!(errors.contains("no model is called \"no-such-model\"; there are mobileclip2-s0, "), "{errors}");
    let errors = refused(hub.pull(folder.path(), "georsclip-vit-b-32", &["--yes"]));
    assert!(errors.contains("Zilun/GeoRSCLIP has none of ckpt/RS5M_ViT-B-32.pt"), "{errors}");
    hub.files.lock().expect("no panic").closed = true;
    let denied = hub.pull(folder.path(), NAME, &["--yes"]);
    let errors = refused(denied);
    assert!(errors.contains("the hub wants permission") && errors.contains("HF_TOKEN"), "{errors}");
    assert!(hub.files.lock().expect("no panic").asked.is_empty());
    let list = said(&command(["model", "pull", "--list"]).output().expect("the command starts"));
    assert!(list.contains("laion/CLIP-ViT-B-32-laion2B-s34B-b79K, about 606 MB, licence: MIT"), "{list}");
}
