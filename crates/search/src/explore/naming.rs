//! Names for clusters, out of a list of texts: not what fits a cluster best, which may fit them all, but what sets it apart.

use super::Cluster;
use crate::Embedding;

/// Other names that a cluster might have.
const RUNNERS_UP: usize = 2;

/// What a cluster may be called, by places in the list of names.
#[derive(Debug, Clone, PartialEq)]
pub struct Naming {
    /// Its name, which no other cluster has.
    pub name: usize,
    /// How much nearer the name is to this cluster than to all on average, as a difference of cosines; above 0 where there
    /// are several clusters.
    pub score: f32,
    /// The next best names, best first, at most two; none of them is the name of a cluster.
    pub runners_up: Vec<usize>,
}

/// A name for each cluster, in their order; none where no name that is left sets it apart. The score of a name for a
/// cluster is the cosine of the name's vector to the centroid, less the mean of its cosines to all centroids. The best pairs
/// come first, and each name is used once. A single cluster is called what is nearest to it. Names of another model fit
/// nothing.
pub fn names(clusters: &[Cluster], names: &[(String, Embedding)]) -> Vec<Option<Naming>> {
    let scores: Vec<Vec<f32>> = names.iter().map(|(_, vector)| contrasts(clusters, vector)).collect();
    let mut pairs: Vec<(f32, usize, usize)> = Vec::with_capacity(clusters.len() * names.len());
    for (name, scores) in scores.iter().enumerate() {
        let apart = scores.iter().enumerate().filter(|(_, score)| **score > 0.0);
        pairs.extend(apart.map(|(cluster, score)| (*score, cluster, name)));
    }
    pairs.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));

    let mut namings: Vec<Option<Naming>> = vec![None; clusters.len()];
    let mut used = vec![false; names.len()];
    for (score, cluster, name) in &pairs {
        if let (Some(naming @ None), Some(used @ false)) = (namings.get_mut(*cluster), used.get_mut(*name)) {
            *naming = Some(Naming { name: *name, score: *score, runners_up: Vec::new() });
            *used = true;
        }
    }
    for (_, cluster, name) in &pairs {
        if let (Some(Some(naming)), Some(false)) = (namings.get_mut(*cluster), used.get(*name))
            && naming.runners_up.len() < RUNNERS_UP
        {
            naming.runners_up.push(*name);
        }
    }
    namings
}

/// The scores of a name for all clusters.
fn contrasts(clusters: &[Cluster], name: &Embedding) -> Vec<f32> {
    let mut cosines: Vec<f32> = clusters.iter().map(|cluster| cluster.centroid.cosine(name)).collect();
    if cosines.len() > 1 {
        let mean = cosines.iter().sum::<f32>() / cosines.len() as f32;
        cosines.iter_mut().for_each(|cosine| *cosine -= mean);
    }
    cosines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::testing::{Cloud, mixed};

    fn cluster(centroid: Embedding) -> Cluster {
        Cluster { centroid, size: 1, examples: Vec::new(), spread: 0.0 }
    }

    #[test]
    fn a_name_that_fits_all_clusters_loses_to_one_that_sets_a_cluster_apart() {
        let mut cloud = Cloud::new(5, 64);
        let hub = cloud.direction();
        let kinds = cloud.around(None, 1.0, 3);
        let clusters: Vec<Cluster> = kinds.iter().map(|kind| cluster(mixed(&hub, 1.0, kind, 0.5))).collect();
        let mut list = vec![("picture".to_owned(), hub.clone())];
        for (at, kind) in kinds.iter().enumerate() {
            list.push((format!("kind {at}"), mixed(kind, 1.0, &hub, 0.1)));
            list.push((format!("nearly kind {at}"), mixed(kind, 1.0, &cloud.direction(), 0.3)));
        }
        let nearest = list
            .iter()
            .max_by(|a, b| clusters[1].centroid.cosine(&a.1).total_cmp(&clusters[1].centroid.cosine(&b.1)));
        assert_eq!(nearest.map(|(name, _)| name.as_str()), Some("picture"), "or the test shows nothing");
        for (at, naming) in names(&clusters, &list).iter().enumerate() {
            let naming = naming.as_ref().expect("a name");
            assert_eq!(list[naming.name].0, format!("kind {at}"));
            assert_eq!(list[naming.runners_up[0]].0, format!("nearly kind {at}"));
            assert!(naming.runners_up.len() <= 2 && naming.score > 0.1, "{naming:?}");
        }
    }

    #[test]
    fn each_name_is_used_once_and_the_best_pair_has_it() {
        let mut cloud = Cloud::new(6, 32);
        let (kind, other) = (cloud.direction(), cloud.direction());
        let clusters = [mixed(&kind, 1.0, &other, 0.6), kind.clone(), other].map(cluster);
        let list = [("kind".to_owned(), kind)];
        let namings = names(&clusters, &list);
        assert!(namings[0].is_none() && namings[2].is_none(), "{namings:?}");
        assert_eq!(namings[1].as_ref().map(|naming| naming.name), Some(0));
    }

    #[test]
    fn a_single_cluster_is_called_what_is_nearest_to_it() {
        let mut cloud = Cloud::new(7, 32);
        let centroid = cloud.direction();
        let list = [("far", cloud.direction()), ("near", mixed(&centroid, 1.0, &cloud.direction(), 0.5))];
        let list = list.map(|(name, vector)| (name.to_owned(), vector));
        let namings = names(&[cluster(centroid)], &list);
        assert_eq!(namings[0].as_ref().map(|naming| naming.name), Some(1));
        assert!(names(&[], &list).is_empty());
        assert_eq!(names(&[cluster(cloud.direction())], &[]), [None]);
    }
}
