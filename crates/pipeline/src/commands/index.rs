//! `clip-rs index`: imagery to a catalog.

use std::process::ExitCode;

use anyhow::Result;
use clip_rs_pipeline::arguments::{self, Index};
use clip_rs_pipeline::index::{Request, index};

/// Indexes, and says what was read and what was not.
pub fn run(args: Index) -> Result<ExitCode> {
    run_request(&args.request()?)
}

/// Indexes what was asked for in whichever way.
pub fn run_request(request: &Request) -> Result<ExitCode> {
    arguments::tell(request, &index(request)?);
    Ok(ExitCode::SUCCESS)
}
