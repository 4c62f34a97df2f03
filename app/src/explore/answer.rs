//! From the explorer's requests to its responses.

use std::collections::HashSet;

use clip_rs_catalog::{Bounds, ItemId};
use clip_rs_search::explore::{
    ClusterParams, Concept as Learnt, LearnError, Quality, Windows, background, clusters, learning_curve,
    names, suggest,
};
use clip_rs_search::{Embedding, Engine, ItemRef, Polygon, Query};

use super::changes::{self, Before, Question};
use super::items;
use super::layer::{estimate, layer};
use super::names::texts;
use super::overview::Overviews;
use super::reach;
use super::tower::{Tower, picture};
use crate::browser::clock;
use crate::engine::{Answerer, not_answered, refused};
use crate::imagery::Listings;
use crate::protocol::Failure;
use crate::protocol::explore::{Cluster, Examples, Request, Response, Review};
use crate::serve::Answers;
use crate::shards;

/// Most marks that a concept is taught by.
const MAX_MARKS: usize = 2000;
/// Least marks of either kind from which it is told how good a concept is.
const TELLING: usize = 3;
/// What is suggested to be marked next.
const SUGGESTIONS: usize = 3;
/// Windows over a picture: their side as a share of its shorter side, and from one to the next as a share of that.
const WINDOW: (f32, f32) = (0.4, 0.34);

/// Answers what is asked of a whole catalog.
pub struct Explorer {
    catalog: Answerer,
    overviews: Overviews,
    tower: Tower,
    listings: Listings,
    before: Before,
}

impl Default for Explorer {
    fn default() -> Self {
        Self {
            catalog: Answerer::by_cells(),
            overviews: Overviews::default(),
            tower: Tower::default(),
            listings: Listings::default(),
            before: Before::default(),
        }
    }
}

impl Answers for Explorer {
    type Request = Request;
    type Response = Response;

    async fn answer(&self, _: u32, request: Request, bytes: Vec<u8>) -> Result<(Response, Vec<u8>), Failure> {
        let alone = |response| (response, Vec::new());
        match request {
            Request::Open { catalog, manifest } => {
                let items = self.catalog.open(&catalog, manifest).await?;
                Ok(alone(Response::Opened { items }))
            }
            Request::Picture { width, height } => {
                let start = clock::now_ms();
                let vector = self.views(&[picture(width, height, &bytes)?]).await?.pop();
                let vector = vector.ok_or_else(|| refused("The image model gave no answer."))?;
                Ok(alone(Response::Picture { vector, encode_ms: clock::now_ms() - start }))
            }
            Request::Layer { query, against, near } => self.layer(&query, against.as_ref(), near).await,
            Request::Changes { since, areas, taken, limit } => {
                changes::compare(&self.catalog, &self.before, Question { since, areas, taken, limit }).await
            }
            Request::Clusters { areas, count } => {
                reach::within(&self.catalog, &areas).await?;
                self.catalog.with_opened(|opened| found(&opened.engine, &areas, count)).map(alone)
            }
            Request::Learn(examples) => {
                reach::of_items(&self.catalog, examples.items()).await?;
                self.catalog.with_opened(|opened| learn(&opened.engine, &examples)).map(alone)
            }
            Request::Review(examples) => {
                reach::of_items(&self.catalog, examples.items()).await?;
                self.catalog.with_opened(|opened| review(&opened.engine, &examples)).map(alone)
            }
            Request::Where { query, width, height } => self.place(&query, width, height, &bytes).await,
            Request::Items { areas, offset, limit } => {
                items::items(&self.catalog, &areas, offset, limit).await.map(alone)
            }
            Request::Item { id } => items::item(&self.catalog, id).await.map(alone),
            Request::Image { id, pixels } => {
                items::image(&self.listings, &*self.catalog.pages()?, &id, pixels).await
            }
        }
    }
}

impl Explorer {
    /// How well places fit a query; or by how much better than another one.
    async fn layer(
        &self,
        query: &Query,
        against: Option<&Query>,
        near: Option<Bounds>,
    ) -> Result<(Response, Vec<u8>), Failure> {
        let pages = self.catalog.pages()?;
        let overview = pages.manifest().cells.as_ref().and_then(|cells| cells.overview.as_deref());
        let places = near.and_then(|near| shards::in_view(pages.manifest(), near));
        // Places like an item are looked for where it points to.
        let items = query.items().chain(against.into_iter().flat_map(Query::items));
        let asked = self.catalog.holding(items).await?;
        match (&places, overview) {
            (Some(places), _) => reach::of(&self.catalog, places.iter().copied().chain(asked)).await?,
            (None, Some(name)) => {
                let overview = self.overviews.get(&pages, name).await?;
                reach::of(&self.catalog, asked).await?;
                return self.catalog.with_opened(|opened| estimate(opened, &overview, query, against));
            }
            (None, None) => reach::within(&self.catalog, &[]).await?,
        }
        self.catalog.with_opened(|opened| layer(opened, query, against, places.as_deref()))
    }

    /// Where pictures point to, in their order.
    async fn views(&self, pictures: &[image::RgbImage]) -> Result<Vec<Embedding>, Failure> {
        let pages = self.catalog.pages()?;
        let tower = self.tower.get(&pages).await?;
        let encode = |picture| tower.encode(picture).map_err(|error| not_answered(error.into()));
        pictures.iter().map(encode).collect()
    }

    async fn place(
        &self,
        query: &Query,
        width: u32,
        height: u32,
        bytes: &[u8],
    ) -> Result<(Response, Vec<u8>), Failure> {
        let whole = picture(width, height, bytes)?;
        let (side, stride) = WINDOW;
        let windows =
            Windows::new(width, height, side, stride).map_err(|error| refused(&format!("{error}.")))?;
        let cut = |w: &clip_rs_search::explore::window::Window| {
            image::imageops::crop_imm(&whole, w.x, w.y, w.side, w.side).to_image()
        };
        let pictures: Vec<_> = windows.as_slice().iter().map(cut).collect();
        let vectors = self.views(&pictures).await?;
        reach::of_items(&self.catalog, query.items()).await?;
        let scores = self.catalog.with_opened(|opened| {
            let direction = opened.engine.embed(query).map_err(not_answered)?;
            let concepts = opened.engine.text().concepts();
            let offset = |vector: &Embedding| concepts.map_or(0.0, |concepts| concepts.offset(vector));
            let score = |vector: &Embedding| {
                direction.embedding.cosine(vector) - offset(vector) * direction.text_share
            };
            Ok(vectors.iter().map(score).collect::<Vec<f32>>())
        })?;
        let grid = windows.grid(&scores).map_err(|error| refused(&format!("{error}.")))?;
        let cells = grid.cells.iter().map(|share| (share * 255.0).round() as u8).collect();
        Ok((Response::Where { columns: grid.columns, rows: grid.rows, is_flat: grid.flat }, cells))
    }
}

fn found(engine: &Engine, areas: &[Polygon], count: usize) -> Result<Response, Failure> {
    let start = clock::now_ms();
    let params = ClusterParams { count, ..ClusterParams::default() };
    let groups =
        clusters(engine.shards(), |item| engine.lies_in(item, areas), params).map_err(not_answered)?;
    let known = texts().map(|text| Ok((text.to_owned(), engine.text().encode(text)?)));
    let known: Vec<(String, Embedding)> = known
        .collect::<Result<_, clip_rs_search::model::ModelError>>()
        .map_err(|error| not_answered(error.into()))?;
    let named = names(&groups, &known);
    let text = |at: usize| known.get(at).map(|(text, _)| text.clone());
    let clusters = groups.into_iter().zip(named).map(|(group, naming)| {
        let places =
            naming.map(|naming| std::iter::once(naming.name).chain(naming.runners_up).collect::<Vec<_>>());
        Cluster {
            names: places.unwrap_or_default().into_iter().filter_map(text).collect(),
            count: group.size,
            examples: group.examples.iter().filter_map(|item| name(engine, *item)).collect(),
            vector: group.centroid,
        }
    });
    Ok(Response::Clusters { clusters: clusters.collect(), millis: clock::now_ms() - start })
}

fn learn(engine: &Engine, examples: &Examples) -> Result<Response, Failure> {
    let start = clock::now_ms();
    let concept = Lesson::of(engine, examples)?.concept()?;
    Ok(Response::Concept { vector: concept.direction, millis: clock::now_ms() - start })
}

fn review(engine: &Engine, examples: &Examples) -> Result<Response, Failure> {
    let start = clock::now_ms();
    let lesson = Lesson::of(engine, examples)?;
    let concept = lesson.concept()?;
    let curve =
        learning_curve(&lesson.examples, lesson.prior.as_ref(), &lesson.others).map_err(nothing_learnt)?;
    let next =
        suggest(&concept, engine.shards(), |_| true, &lesson.marked, SUGGESTIONS).map_err(not_answered)?;
    // Of fewer marks the share is chance.
    let told = |part: &Quality| part.precision().filter(|_| part.yes >= TELLING && part.no >= TELLING);
    Ok(Response::Review(Review {
        precision: curve.last().and_then(told),
        curve: curve.iter().filter_map(|part| Some((part.marks(), told(part)?))).collect(),
        suggestions: next.into_iter().filter_map(|item| name(engine, item)).collect(),
        millis: clock::now_ms() - start,
    }))
}

/// What a concept is taught by, found in the catalog.
struct Lesson {
    marked: Vec<ItemRef>,
    examples: Vec<(Embedding, bool)>,
    prior: Option<Embedding>,
    /// A sample of what nobody marked.
    others: Vec<Embedding>,
}

impl Lesson {
    fn of(engine: &Engine, Examples { marks, prior }: &Examples) -> Result<Self, Failure> {
        let marks = marks.get(marks.len().saturating_sub(MAX_MARKS)..).unwrap_or_default();
        let (mut marked, mut examples) = (Vec::new(), Vec::new());
        for (id, yes) in marks {
            // A mark of a catalog before this one may be of an item that is gone.
            let Some(item) = engine.find(id) else { continue };
            let shard = engine.shards().get(item.shard);
            if let Some(Ok(vector)) = shard.and_then(|shard| shard.index.embedding(item.ordinal)) {
                marked.push(item);
                examples.push((vector, *yes));
            }
        }
        let prior = prior.as_ref().map(|query| engine.embed(query)).transpose().map_err(not_answered)?;
        let prior = prior.map(|direction| direction.embedding);
        let known: HashSet<ItemRef> = marked.iter().copied().collect();
        let others = background(engine.shards(), |item| !known.contains(&item));
        Ok(Self { marked, examples, prior, others })
    }

    fn concept(&self) -> Result<Learnt, Failure> {
        Learnt::learn(&self.examples, self.prior.as_ref(), &self.others).map_err(nothing_learnt)
    }
}

fn nothing_learnt(error: LearnError) -> Failure {
    refused(&format!("Nothing can be learnt from these marks: {error}."))
}

fn name(engine: &Engine, item: ItemRef) -> Option<ItemId> {
    engine.shards().get(item.shard)?.items.id(item.ordinal)
}
