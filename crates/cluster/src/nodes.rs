//! The processes of a cluster: one scheduler, and any number of executors, which may come and go while it works. They
//! trust each other and whoever reaches their ports: run them in a network of their own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::SchedulerConfig;
use ballista_scheduler::scheduler_process::start_server;

use crate::{ClusterError, session};

/// How often a task may fail before its query does: an executor that is lost takes the tasks that it had with it.
const MOST_FAILURES: usize = 8;

/// Runs a scheduler until the process ends. An executor that says nothing for `lost_after` is taken for lost, and its
/// tasks are given to others.
pub async fn schedule(bind: SocketAddr, host: String, lost_after: Duration) -> Result<(), ClusterError> {
    let seconds = lost_after.as_secs().max(2);
    let config = SchedulerConfig {
        bind_host: bind.ip().to_string(),
        bind_port: bind.port(),
        external_host: host,
        executor_timeout_seconds: seconds,
        expire_dead_executor_interval_seconds: (seconds / 4).max(1),
        // Executors may still be starting, or starting again.
        no_executors_grace_period_seconds: seconds.max(180),
        task_max_failures: MOST_FAILURES,
        stage_max_failures: MOST_FAILURES,
        override_config_producer: Some(Arc::new(session::config)),
        override_session_builder: Some(Arc::new(session::state)),
        ..SchedulerConfig::default()
    };
    let cluster = BallistaCluster::new_from_config(&config).await?;
    Ok(start_server(cluster, bind, Arc::new(config)).await?)
}

/// What an executor is.
#[derive(Debug, Clone)]
pub struct Executor {
    /// Host and port of the scheduler.
    pub scheduler: (String, u16),
    /// Address that it listens at.
    pub bind: SocketAddr,
    /// Port for the scheduler's messages, beside the one of `bind` for results.
    pub control_port: u16,
    /// What others reach it by.
    pub host: String,
    /// Tasks at once.
    pub tasks: usize,
    /// Seconds between two signs of life.
    pub heartbeat: Duration,
}

/// Runs an executor until the process ends.
pub async fn execute(executor: Executor) -> Result<(), ClusterError> {
    let config = ExecutorProcessConfig {
        bind_host: executor.bind.ip().to_string(),
        port: executor.bind.port(),
        grpc_port: executor.control_port,
        external_host: Some(executor.host),
        scheduler_host: executor.scheduler.0,
        scheduler_port: executor.scheduler.1,
        scheduler_connect_timeout_seconds: 60,
        vcores: executor.tasks,
        // Answers that were fetched long ago.
        job_data_clean_up_interval_seconds: 600,
        job_data_ttl_seconds: 3600,
        executor_heartbeat_interval_seconds: executor.heartbeat.as_secs().max(1),
        override_function_registry: Some(Arc::new(session::functions())),
        override_config_producer: Some(Arc::new(session::config)),
        override_runtime_producer: Some(Arc::new(session::runtime)),
        ..ExecutorProcessConfig::default()
    };
    Ok(start_executor_process(Arc::new(config)).await?)
}
