//! Taught concepts against clouds whose kinds are known.

use super::testing::{Cloud, mixed, shard};
use super::*;
use crate::{Direction, Embedding, EngineError, ItemRef, Shard};

/// Items of a catalog: of the sought kind, of a kind that looks like it, and others, all in a narrow cone.
struct World {
    sought: Vec<Embedding>,
    similar: Vec<Embedding>,
    others: Vec<Embedding>,
    /// A query that means both kinds.
    query: Embedding,
    /// A query that means the sought kind, roughly.
    precise: Embedding,
}

impl World {
    fn new(seed: u64, dim: usize) -> Self {
        let mut cloud = Cloud::new(seed, dim);
        let cone = cloud.direction();
        let [both, one, two] = [(); 3].map(|()| cloud.direction());
        let kind = |own: &Embedding| mixed(&mixed(&both, 1.0, own, 0.8), 0.7, &cone, 1.0);
        let (sought, similar) = (kind(&one), kind(&two));
        let noise = 0.7;
        let others = cloud.around(Some(&cone), 0.6, 40);
        let others = others.iter().flat_map(|kind| cloud.around(Some(kind), noise, 10)).collect();
        Self {
            sought: cloud.around(Some(&sought), noise, 60),
            similar: cloud.around(Some(&similar), noise, 60),
            others,
            query: mixed(&both, 1.0, &cloud.direction(), 0.5),
            precise: mixed(&mixed(&both, 1.0, &one, 0.8), 1.0, &cloud.direction(), 0.5),
        }
    }

    /// The chance that a random item of the sought kind has a larger cosine to `direction` than a random one of all others
    /// (area under the ROC curve), 0..=1.
    fn order(&self, direction: &Embedding) -> f64 {
        let rest = || self.similar.iter().chain(&self.others);
        let above = |item: &Embedding| {
            rest().filter(|other| item.cosine(direction) > other.cosine(direction)).count()
        };
        let pairs = self.sought.len() * rest().count();
        self.sought.iter().map(above).sum::<usize>() as f64 / pairs as f64
    }

    fn marks(&self, yes: usize, no: usize) -> Vec<(Embedding, bool)> {
        let yes = self.sought.iter().take(yes).map(|item| (item.clone(), true));
        yes.chain(self.similar.iter().take(no).map(|item| (item.clone(), false))).collect()
    }

    fn background(&self) -> Vec<Embedding> {
        self.others.iter().step_by(3).chain(self.similar.iter().skip(40)).cloned().collect()
    }
}

#[test]
fn one_yes_already_orders_better_than_the_query_and_marks_of_no_better_still() {
    for seed in [1, 2, 3] {
        let world = World::new(seed, 256);
        let background = world.background();
        let learn = |yes, no| {
            let concept = Concept::learn(&world.marks(yes, no), Some(&world.query), &background);
            world.order(&concept.expect("a concept").direction)
        };
        let orders = [world.order(&world.query), learn(1, 0), learn(2, 2), learn(6, 6)];
        let (asked, one, some, more) = (orders[0], orders[1], orders[2], orders[3]);
        assert!(asked > 0.6, "seed {seed}: {orders:?}");
        assert!(one > asked + 0.02 && some > asked + 0.02, "seed {seed}: {orders:?}");
        assert!(more > some && more > 0.98, "seed {seed}: {orders:?}");
    }
}

#[test]
fn a_query_to_begin_with_is_worth_more_than_none() {
    for seed in [4, 5, 6] {
        let world = World::new(seed, 256);
        let background = world.background();
        // A single yes, which is not typical.
        let untypical = mixed(&world.sought[0], 1.0, &world.others[5], 1.0);
        let marks = [(untypical, true)];
        let with = Concept::learn(&marks, Some(&world.precise), &background).expect("a concept");
        let without = Concept::learn(&marks, None, &background).expect("a concept");
        let (with, without) = (world.order(&with.direction), world.order(&without.direction));
        assert!(with > without, "seed {seed}: {with} with the query, {without} without");
    }
}

#[test]
fn only_marks_of_no_lower_what_is_like_them_and_keep_the_query() {
    for seed in [7, 8] {
        let world = World::new(seed, 256);
        for count in [1, 3, 30] {
            let marks = world.marks(0, count);
            let concept = Concept::learn(&marks, Some(&world.query), &world.background());
            let concept = concept.expect("a concept");
            let (asked, taught) = (world.order(&world.query), world.order(&concept.direction));
            assert!(taught > asked - 0.01, "seed {seed}, {count} marks: {asked} became {taught}");
            let lower = |direction: &Embedding| {
                let mean = |items: &[Embedding]| {
                    items.iter().map(|item| item.cosine(direction)).sum::<f32>() / items.len() as f32
                };
                mean(&world.sought) - mean(&world.similar)
            };
            assert!(lower(&concept.direction) > lower(&world.query), "seed {seed}, {count} marks");
        }
    }
}

#[test]
fn chances_are_those_of_the_direction_and_one_half_is_the_border_between_the_marks() {
    let seed = 9;
    let world = World::new(seed, 128);
    // Far more of no than of yes.
    let marks = world.marks(8, 40);
    let concept = Concept::learn(&marks, None, &world.background()).expect("a concept");
    for (item, yes) in &marks {
        let logit = concept.slope * concept.direction.cosine(item) + concept.intercept;
        let chance = concept.chance(item);
        assert!((chance - 1.0 / (1.0 + (-logit).exp())).abs() < 1e-6, "seed {seed}");
        assert_eq!(chance > 0.5, *yes, "seed {seed}: {chance}");
    }
    let unseen = &world.sought[8..];
    let found = unseen.iter().filter(|item| concept.chance(item) > 0.5).count();
    assert!(found * 10 > unseen.len() * 8, "seed {seed}: {found} of {}", unseen.len());
    let again = Concept::learn(&marks, None, &world.background()).expect("a concept");
    assert_eq!(again, concept);
}

#[test]
fn offsets_count_as_often_as_the_query_is_left_in_the_direction() {
    let seed = 16;
    let world = World::new(seed, 128);
    let prior = Direction { embedding: world.query.clone(), text_share: 1.5, familiarity: Some(0.7) };
    let mut last = 1.0;
    for count in [1, 4, 20] {
        let marks = world.marks(count, count);
        let concept = Concept::learn(&marks, Some(&world.query), &world.background()).expect("a concept");
        let direction = concept.to_direction(Some(&prior));
        assert_eq!((&direction.embedding, direction.familiarity), (&concept.direction, None));
        let share = direction.text_share / prior.text_share;
        // What the marks add may point along the query too, but not against it.
        assert!(share > 0.0 && share < last, "seed {seed}, {count} marks: {share} after {last}");
        assert!(
            share <= concept.direction.cosine(&world.query) + 0.05,
            "seed {seed}, {count} marks: {share}"
        );
        last = share;
    }
    let without = Concept::learn(&world.marks(2, 2), None, &[]).expect("a concept");
    assert_eq!(without.to_direction(None).text_share, 0.0);
}

#[test]
fn what_teaches_nothing_is_refused() {
    let world = World::new(10, 16);
    let background = world.background();
    let none = &[][..];
    assert_eq!(Concept::learn(none, Some(&world.query), &background), Err(LearnError::NoMark));
    assert_eq!(Concept::learn(&world.marks(0, 2), None, &background), Err(LearnError::NoYes));
    for marks in [world.marks(3, 0), world.marks(0, 3)] {
        let alone = Concept::learn(&marks, Some(&world.query), none_of());
        assert_eq!(alone, Err(LearnError::NothingElse));
    }
    let same = [(world.query.clone(), true), (world.query.clone(), false)];
    assert!(matches!(Concept::learn(&same, None, none_of()), Err(LearnError::NoDirection(_))));
    let longer = Embedding::new(vec![1.0; 17]).expect("a direction");
    let wrong = Err(LearnError::Dimension { expected: 16, found: 17 });
    assert_eq!(Concept::learn(&world.marks(1, 1), Some(&longer), &background), wrong);
    assert_eq!(Concept::learn(&world.marks(1, 1), None, &[longer]), wrong);
    let many = vec![(world.query.clone(), true); classifier::MAX_EXAMPLES + 1];
    assert_eq!(Concept::learn(&many, None, &background), Err(LearnError::TooMany(many.len())));
}

fn none_of() -> &'static [Embedding] {
    &[]
}

#[test]
fn held_out_marks_tell_a_concept_that_can_be_learnt_from_one_that_cannot() {
    for (seed, marks) in [(11, 12), (12, 30)] {
        let world = World::new(seed, 128);
        let background = world.background();
        let quality = held_out(&world.marks(marks, marks), None, &background).expect("a quality");
        assert_eq!((quality.yes, quality.no, quality.marks()), (marks, marks, 2 * marks));
        let (precision, recall) = (quality.precision().expect("known"), quality.recall().expect("known"));
        assert!(precision > 0.8 && recall > 0.8, "seed {seed}: {quality:?}");

        // Marks that follow nothing.
        let items = world.others.iter().take(2 * marks).enumerate();
        let random: Vec<_> = items.map(|(at, item)| (item.clone(), at % 2 == 0)).collect();
        let quality = held_out(&random, None, &background).expect("a quality");
        let recall = quality.recall().expect("known");
        let precision = quality.precision().unwrap_or(0.0);
        assert!(precision.min(recall) < 0.7, "seed {seed}: {quality:?}");
    }
}

#[test]
fn each_mark_is_judged_by_a_concept_that_has_not_seen_it() {
    let world = World::new(13, 64);
    let background = world.background();
    let marks = world.marks(5, 6);
    let mut expected = Quality::default();
    for (at, (item, yes)) in marks.iter().enumerate() {
        let mut others = marks.clone();
        others.remove(at);
        let called = Concept::learn(&others, None, &background).expect("a concept").chance(item) > 0.5;
        expected.yes += usize::from(*yes);
        expected.no += usize::from(!yes);
        expected.called += usize::from(called);
        expected.right += usize::from(called && *yes);
    }
    assert_eq!(held_out(&marks, None, &background), Ok(expected));

    // The only yes cannot be learnt from the others.
    let lonely = held_out(&world.marks(1, 3), None, &background).expect("a quality");
    assert_eq!((lonely.called, lonely.recall(), lonely.precision()), (0, Some(0.0), None));
    // Without marks of no, nothing could be wrong.
    let easy = held_out(&world.marks(6, 0), Some(&world.query), &background).expect("a quality");
    assert_eq!(easy.precision(), None);
    assert!(easy.recall() > Some(0.8), "{easy:?}");
}

#[test]
fn a_learning_curve_has_the_first_third_two_thirds_and_all_of_the_marks() {
    let world = World::new(14, 64);
    let background = world.background();
    let (yes, no) = (world.marks(8, 0), world.marks(0, 8));
    let marks: Vec<_> = yes.into_iter().zip(no).flat_map(|(yes, no)| [yes, no]).collect();
    let curve = learning_curve(&marks, None, &background).expect("a curve");
    assert_eq!(curve.iter().map(Quality::marks).collect::<Vec<_>>(), [5, 10, 16]);
    assert_eq!(curve[1], held_out(&marks[..10], None, &background).expect("a quality"));
    let short = learning_curve(&marks[..2], None, &background).expect("a curve");
    assert_eq!(short.iter().map(Quality::marks).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(learning_curve(&[], None, &background), Err(LearnError::NoMark));
}

#[test]
fn a_background_is_a_spread_of_the_wanted_items() -> Result<(), EngineError> {
    let mut cloud = Cloud::new(15, 8);
    let shards: Vec<Shard> =
        [300, 0, 700].map(|count| shard(&cloud.around(None, 1.0, count), |_| 0.0)).into();
    assert_eq!(background(&shards, |_| true).len(), classifier::BACKGROUND);
    let wanted = |item: ItemRef| item.shard == 2 && item.ordinal < 3;
    let few: Vec<_> = (0..3).map(|ordinal| shards[2].index.embedding(ordinal).expect("an item")).collect();
    assert_eq!(background(&shards, wanted), few.into_iter().collect::<Result<Vec<_>, _>>()?);
    assert!(background(&shards, |_| false).is_empty());
    Ok(())
}
