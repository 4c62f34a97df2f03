//! The worker's program.

fn main() {
    clip_rs_app::engine::start();
}
