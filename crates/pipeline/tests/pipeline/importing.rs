//! From a trainer's folder to a package: what is checked, and what is said when it does not fit.

use std::fs;

use candle_core::{Device, Tensor};
use clip_rs_training::model::{Package, Quantization, import};

use crate::support::{clip_rs, picture, reference, said};

#[test]
fn every_way_of_storing_weights_gives_a_model_that_says_nearly_the_same() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let source = folder.path().join("reference");
    reference(&source, |_| {});
    let mut sizes = Vec::new();
    let mut vectors = Vec::new();
    for quantization in [Quantization::F32, Quantization::F16, Quantization::Q8_0] {
        let out = folder.path().join("package");
        let imported = import(&source, &out, quantization).expect("a sound model");
        assert_eq!(imported.agreement, None, "there is nothing to compare with");
        sizes.push(imported.text_bytes + imported.image_bytes);
        let package = Package::read(&out).expect("a package");
        let pixels = clip_rs_search::model::ImagePixels::from_rgb(&package.config.image, &picture(1, 40))
            .expect("pixels");
        let image = package.image_encoder().expect("a tower").encode_pixels(&pixels).expect("a vector");
        let text =
            package.text_encoder().expect("a tower").encode("a river with a bridge").expect("a vector");
        vectors.push((image, text));
        let info = said(&clip_rs(["model".as_ref(), "info".as_ref(), out.as_os_str()]));
        assert!(info.contains("Tiny (tiny)") && info.contains("licence: CC0"), "{info}");
    }
    assert!(sizes[0] > sizes[1] && sizes[1] > sizes[2], "{sizes:?}");
    for (image, text) in &vectors[1..] {
        assert!(image.cosine(&vectors[0].0) > 0.999 && text.cosine(&vectors[0].1) > 0.999);
    }
}

#[test]
fn a_checkpoint_that_does_not_fit_is_refused_by_tensor_and_shape() {
    let name = "vision_model.stem.0.weight";
    let zeros =
        |shape: &[usize]| Tensor::zeros(shape, candle_core::DType::F32, &Device::Cpu).expect("a tensor");
    for (change, expected) in [
        (None, "tensor vision_model.stem.0.weight: missing, expected shape [16, 3, 3, 3]".to_owned()),
        (
            Some(zeros(&[16, 3, 5, 5])),
            format!("tensor {name}: expected shape [16, 3, 3, 3], found [16, 3, 5, 5]"),
        ),
        (
            Some((zeros(&[16, 3, 3, 3]) / 0.0).expect("a tensor")),
            format!("tensor {name} holds numbers that are not finite"),
        ),
    ] {
        let folder = tempfile::tempdir().expect("temporary folder");
        reference(folder.path(), |tensors| {
            tensors.remove(name);
            if let Some(tensor) = &change {
                tensors.insert(name.to_owned(), tensor.clone());
            }
        });
        let out = folder.path().join("package");
        let error = import(folder.path(), &out, Quantization::Q8_0).expect_err("refused").to_string();
        assert!(error.contains("model.safetensors") && error.contains(&expected), "{error}");
        assert!(!out.exists(), "nothing was written");
    }
    let folder = tempfile::tempdir().expect("temporary folder");
    reference(folder.path(), |_| {});
    fs::write(folder.path().join("model.safetensors"), "no tensors").expect("write");
    let output = clip_rs([
        "model".as_ref(),
        "import".as_ref(),
        folder.path().as_os_str(),
        "--out".as_ref(),
        folder.path().join("x").as_os_str(),
    ]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("model.safetensors"));
}

#[test]
fn a_package_that_contradicts_its_trainer_is_refused() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let source = folder.path().join("reference");
    reference(&source, |_| {});
    let out = folder.path().join("package");
    import(&source, &out, Quantization::Q8_0).expect("a sound model");
    let encoder = Package::read(&out).expect("a package").text_encoder().expect("a tower");
    let vector = encoder.encode("a pond").expect("a vector");
    let golden = |ids: &[u32], vector: Vec<f32>| {
        let golden =
            serde_json::json!({"texts": [{"text": "a pond", "ids": ids, "vector": vector}], "images": []});
        fs::write(source.join("golden.json"), golden.to_string()).expect("write");
        import(&source, &out, Quantization::Q8_0)
    };
    let ids = encoder.tokenize("a pond").expect("tokens");
    let agreement = golden(&ids, vector.as_slice().to_vec()).expect("agrees").agreement.expect("compared");
    assert!(agreement.texts > 0.9999 && agreement.pictures == 1.0);
    let error = golden(&ids[1..], vector.as_slice().to_vec()).expect_err("other tokens").to_string();
    assert!(error.contains("\"a pond\": tokens"), "{error}");
    let turned = vector.as_slice().iter().rev().copied().collect();
    let error = golden(&ids, turned).expect_err("another vector").to_string();
    assert!(error.contains("differs from its trainer on \"a pond\": cosine"), "{error}");
}
