//! The score of every item for a query, for whoever paints an area by how well it fits.

use super::expect_dim;
use crate::{Code, Direction, EngineError, Shard};

/// The score of every item for a direction, in the order of shards and ordinals: the cosine less the item's relevance
/// offset, as often as that counts; what hits are ordered by. All are finite.
pub fn scores(shards: &[Shard], direction: &Direction) -> Result<Vec<f32>, EngineError> {
    let share = direction.text_share;
    if !share.is_finite() {
        return Err(EngineError::Query(format!("has a share of {share} of texts")));
    }
    expect_dim(shards, direction.embedding.dim(), "the query")?;
    let code = [Code::new(&direction.embedding)?];
    let mut scores = Vec::with_capacity(shards.iter().map(|shard| shard.index.len()).sum());
    for Shard { index, items } in shards {
        index.cosines(&code, 0..index.len(), |_, ordinal, cosine| {
            scores.push(cosine - items.offset(ordinal) * share);
        });
    }
    Ok(scores)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Embedding;
    use crate::explore::testing::{Cloud, shard};

    #[test]
    fn a_layer_has_the_score_of_every_item_in_their_order() {
        let seed = 3;
        let mut cloud = Cloud::new(seed, 33);
        let shards =
            [1, 0, 70, 131].map(|count| shard(&cloud.around(None, 1.0, count), |at| at as f32 / 1000.0));
        let embedding = cloud.direction();
        for text_share in [0.0, 1.0, -0.4] {
            let direction = Direction { embedding: embedding.clone(), text_share, familiarity: None };
            let code = Code::new(&embedding).expect("a code");
            let expected: Vec<f32> = shards
                .iter()
                .flat_map(|shard| (0..shard.index.len()).map(move |ordinal| (shard, ordinal)))
                .map(|(shard, ordinal)| {
                    let cosine = code.cosine(shard.index.code(ordinal).expect("an item"));
                    cosine - shard.items.offset(ordinal) * text_share
                })
                .collect();
            assert_eq!(
                scores(&shards, &direction).expect("scores"),
                expected,
                "seed {seed}, share {text_share}"
            );
        }
    }

    #[test]
    fn what_gives_no_scores_is_refused() {
        let mut cloud = Cloud::new(4, 16);
        let shards = [shard(&cloud.around(None, 1.0, 5), |_| 0.0)];
        let with =
            |embedding, text_share| scores(&shards, &Direction { embedding, text_share, familiarity: None });
        assert!(matches!(with(cloud.direction(), f32::NAN), Err(EngineError::Query(_))));
        let longer = Embedding::new(vec![1.0; 17]).expect("a direction");
        assert!(matches!(with(longer, 0.0), Err(EngineError::Dimension { expected: 16, found: 17, .. })));
    }
}
