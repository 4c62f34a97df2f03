//! The program of both workers where a catalog's model needs the general engine: whoever starts it says which by the worker's
//! name.

fn main() {
    if clip_rs_app::explore::is_asked_for() {
        clip_rs_app::explore::start();
    } else {
        clip_rs_app::engine::start();
    }
}
