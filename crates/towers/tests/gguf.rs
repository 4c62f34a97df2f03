//! GGUF files that candle wrote are read by the engine as candle reads them, in every type that the engine knows.

use std::io::Cursor;

use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};
use clip_rs_search::model::{ModelConfig, TensorKind, TensorSpec};

const CONFIG: &str = r#"{"format": 1, "name": "tiny", "embed_dim": 24, "logit_scale": 30.0,
    "tokenizer": {"file": "vocabulary.txt", "vocab_size": 520, "start": 518, "end": 519},
    "text": {"file": "text.gguf", "context_length": 12, "width": 64, "layers": 1, "heads": 4,
             "mlp": 96, "activation": "gelu", "layer_norm_eps": 1e-5},
    "image": {"file": "image.gguf", "image_size": 32, "mean": [0.5, 0.5, 0.5], "std": [0.3, 0.3, 0.3],
              "resize": "bicubic", "fit": "short_side_centre_crop",
              "tower": {"kind": "vit", "patch": 8, "width": 64, "layers": 1, "heads": 2, "mlp": 128,
                        "activation": "gelu", "layer_norm_eps": 1e-5}}}"#;

fn numbers(spec: &TensorSpec) -> Tensor {
    let shape = spec.stored_shape();
    let count = shape.iter().product::<usize>();
    let numbers: Vec<f32> =
        (0..count).map(|i| (i as f32 * 0.7).sin() * (1.0 + (i % 97) as f32 / 64.0)).collect();
    Tensor::from_vec(numbers, shape, &Device::Cpu).expect("a tensor")
}

#[test]
fn every_type_is_read_as_the_reference_reads_it() {
    let config = ModelConfig::from_json(CONFIG.as_bytes()).expect("a valid configuration");
    let specs = config.text_tensors();
    for dtype in [GgmlDType::F32, GgmlDType::F16, GgmlDType::BF16, GgmlDType::Q8_0, GgmlDType::Q4_0] {
        let tensors: Vec<(&str, QTensor)> = specs
            .iter()
            .map(|spec| {
                let fits = spec.kind != TensorKind::Plain && (dtype.block_size() == 1 || spec.fits_blocks());
                let dtype = if fits { dtype } else { GgmlDType::F32 };
                (spec.name.as_str(), QTensor::quantize(&numbers(spec), dtype).expect("a quantised tensor"))
            })
            .collect();
        let listed: Vec<_> = tensors.iter().map(|(name, tensor)| (*name, tensor)).collect();
        let architecture = Value::String("clip-text".into());
        let mut file = Cursor::new(Vec::new());
        gguf_file::write(&mut file, &[("general.architecture", &architecture)], &listed)
            .expect("a GGUF file");
        let found = config.text_weights(file.get_ref()).expect("the engine reads it");
        for (name, tensor) in &tensors {
            let expected = tensor.dequantize(&Device::Cpu).and_then(|tensor| tensor.flatten_all()?.to_vec1());
            let expected: Vec<f32> = expected.expect("numbers");
            assert_eq!(found.get(*name), Some(&expected), "{name} in {dtype:?}");
        }
        assert_eq!(found.len(), specs.len());
    }
}
