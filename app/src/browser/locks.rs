//! Locks between all tabs and workers of a site (Web Locks, <https://w3c.github.io/web-locks/>).

use futures::channel::oneshot;
use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;

use super::{options, reason};

#[wasm_bindgen]
extern "C" {
    type LockManager;
    #[wasm_bindgen(method, catch)]
    fn request(
        this: &LockManager,
        name: &str,
        options: &Object,
        callback: &JsValue,
    ) -> Result<Promise, JsValue>;
}

/// A lock; dropping it, or closing the tab, gives it back.
pub struct Lock(Function);

impl Drop for Lock {
    fn drop(&mut self) {
        // A promise's own function does not throw.
        let _cannot_fail = self.0.call0(&JsValue::UNDEFINED);
    }
}

/// Takes the lock of this name; none while somebody else has it. The error says why there are no locks.
pub async fn take(name: &str) -> Result<Option<Lock>, String> {
    let navigator = Reflect::get(&js_sys::global(), &"navigator".into()).map_err(|thrown| reason(&thrown))?;
    let manager = Reflect::get(&navigator, &"locks".into()).map_err(|thrown| reason(&thrown))?;
    if !manager.is_object() {
        return Err("this browser has no locks between tabs".to_owned());
    }
    let (tell, told) = oneshot::channel();
    let callback = Closure::once_into_js(move |lock: JsValue| {
        let mut release = None;
        let held = Promise::new(&mut |resolve, _| release = Some(resolve));
        let is_ours = lock.is_object();
        let _lost_interest = tell.send(release.filter(|_| is_ours).map(Lock));
        if is_ours { held.into() } else { JsValue::UNDEFINED }
    });
    let manager: LockManager = manager.unchecked_into();
    let _settles_when_it_is_given_back = manager
        .request(name, &options(&[("ifAvailable", true.into())]), &callback)
        .map_err(|thrown| reason(&thrown))?;
    told.await.map_err(|_| "this browser gave no lock".to_owned())
}
