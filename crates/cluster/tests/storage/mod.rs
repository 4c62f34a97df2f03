//! A server that speaks S3, on this machine, for as long as a test runs.

use std::fs;
use std::path::{Path, PathBuf};

use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

const KEY: &str = "clip-rs-tests";
/// What nothing may show.
pub const SECRET: &str = "not-to-be-seen-anywhere";

/// The server, and the folder that its buckets are in.
pub struct Storage {
    folder: TempDir,
    address: String,
    _runtime: Runtime,
}

impl Storage {
    pub fn serve(buckets: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for bucket in buckets {
            fs::create_dir(folder.path().join(bucket)).expect("a bucket");
        }
        let mut service = S3ServiceBuilder::new(FileSystem::new(folder.path()).expect("a file system"));
        service.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let service = service.build();
        let runtime = Runtime::new().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("its address"));
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    let builder = Builder::new(hyper_util::rt::TokioExecutor::new());
                    drop(builder.serve_connection(TokioIo::new(stream), service).await);
                });
            }
        });
        Self { folder, address, _runtime: runtime }
    }

    /// Puts all files below `from` into a bucket.
    pub fn put_folder(&self, bucket: &str, prefix: &str, from: &Path) {
        for (name, path) in clip_rs_stage::files::walk(from).expect("a folder") {
            self.put(bucket, &format!("{prefix}/{name}"), &path);
        }
    }

    /// Puts a file into a bucket.
    pub fn put(&self, bucket: &str, key: &str, from: &Path) {
        let target = self.folder.path().join(bucket).join(key);
        fs::create_dir_all(target.parent().expect("a parent")).expect("a folder");
        fs::copy(from, target).expect("a copy");
    }

    /// Where what lies below a prefix of a bucket is kept.
    pub fn path(&self, bucket: &str, prefix: &str) -> PathBuf {
        self.folder.path().join(bucket).join(prefix)
    }

    /// What tells a process where the storage is and that it may use it.
    pub fn environment(&self) -> Vec<(String, String)> {
        self.with(SECRET)
    }

    /// The same with a wrong key.
    pub fn environment_of_a_stranger(&self) -> Vec<(String, String)> {
        self.with("guessed")
    }

    fn with(&self, secret: &str) -> Vec<(String, String)> {
        [
            ("AWS_ENDPOINT_URL", self.address.as_str()),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", KEY),
            ("AWS_SECRET_ACCESS_KEY", secret),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .to_vec()
    }
}
