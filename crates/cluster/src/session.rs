//! Where queries run: in this process, or on a cluster. All processes know the same functions and storages.

use std::sync::Arc;

use ballista::prelude::{SessionConfigExt, SessionContextExt};
use ballista_core::registry::BallistaFunctionRegistry;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::{FunctionRegistry as _, SessionState, SessionStateBuilder};
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::ClusterError;
use crate::exchange::Storages;
use crate::function;

/// A place for queries: the scheduler at `scheduler` (`host:port`), or this process. A query has so many tasks at most.
pub async fn open(scheduler: Option<&str>, tasks: usize) -> Result<SessionContext, ClusterError> {
    let config = config().with_target_partitions(tasks);
    Ok(match scheduler {
        Some(address) => {
            SessionContext::remote_with_state(&format!("df://{address}"), state(config)?).await?
        }
        None => SessionContext::new_with_state(state(config)?),
    })
}

/// How queries are run: each file of a table is one task's, as it was written.
pub fn config() -> SessionConfig {
    let mut config = SessionConfig::new_with_ballista();
    config.options_mut().optimizer.repartition_file_scans = false;
    config.options_mut().optimizer.enable_round_robin_repartition = false;
    // Columns of bytes are what our functions take, not views of them.
    config.options_mut().execution.parquet.schema_force_view_types = false;
    config
}

/// A session that knows our functions and storages.
pub fn state(config: SessionConfig) -> datafusion::error::Result<SessionState> {
    let state = SessionStateBuilder::new().with_runtime_env(runtime(&config)?).with_config(config);
    let mut state = state.with_default_features().build();
    for function in function::scalar() {
        state.register_udf(function)?;
    }
    for function in function::aggregate() {
        state.register_udaf(function)?;
    }
    Ok(state)
}

/// What tasks run in.
pub fn runtime(_: &SessionConfig) -> datafusion::error::Result<Arc<RuntimeEnv>> {
    RuntimeEnvBuilder::new().with_object_store_registry(Arc::new(Storages::default())).build_arc()
}

/// The functions that an executor finds by the names in a plan.
pub fn functions() -> BallistaFunctionRegistry {
    let mut functions = BallistaFunctionRegistry::default();
    let scalar = function::scalar().map(|function| (function.name().to_owned(), function));
    functions.scalar_functions.extend(scalar);
    let aggregate = function::aggregate().map(|function| (function.name().to_owned(), function));
    functions.aggregate_functions.extend(aggregate);
    functions
}
