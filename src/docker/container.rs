//! Containers of this program's own: where a managed geth runs that is no program of this machine.

use std::{
    collections::HashMap,
    path::Path,
    time::{Duration, Instant},
};

use bollard::{
    container::LogOutput,
    models::{ContainerCreateBody, HostConfig, HostConfigLogConfig},
    query_parameters::{
        CreateContainerOptions, InspectContainerOptions, LogsOptions, RemoveContainerOptions, StartContainerOptions,
        StopContainerOptions,
    },
};
use futures_util::StreamExt as _;
use tokio::time::timeout;

use super::{Engine, EngineError, engine::whole_id};
use crate::domain::text::clean_to;

/// For an answer that only says yes or no.
const ANSWER: Duration = Duration::from_secs(30);
/// Last lines of a container's output that are read, and the longest text of them that is kept.
const TAIL: &str = "50";
const SHOWN: usize = 4096;

/// What is to run, and what of this machine it may touch.
#[derive(Debug, Clone)]
pub struct ContainerPlan<'p> {
    /// Its name, of letters, digits, `-` and `_`.
    pub name: &'p str,
    /// The image's whole ID: a name could mean another image by now.
    pub image: &'p str,
    /// Arguments of the image's own program.
    pub arguments: Vec<String>,
    /// The only folder that it sees, under the same path.
    pub folder: &'p Path,
    /// `UID:GID`, whose files it writes there.
    pub user: String,
    /// This machine's network instead of none.
    pub host_network: bool,
}

/// How a container came to be away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// There was none.
    Absent,
    /// It had ended, or ended when it was asked to.
    Ended,
    /// It did not end in time, and the engine killed it.
    Killed,
}

/// What the kernel's SIGKILL leaves as an exit code.
const KILLED: i64 = 137;

impl Engine {
    /// Starts a container that may do little else than compute: one folder, no capability, its own files read-only.
    ///
    /// # Errors
    /// The engine's own; [`EngineError::NoSuchImage`].
    pub async fn start_container(&self, plan: &ContainerPlan<'_>) -> Result<(), EngineError> {
        let call = self.call(&format!("start container `{}`", plan.name));
        let image = whole_id(plan.image)?.to_string();
        let folder = plan.folder.display();
        let log = HashMap::from([("max-size".to_owned(), "1m".to_owned()), ("max-file".to_owned(), "1".to_owned())]);
        let host = HostConfig {
            binds: Some(vec![format!("{folder}:{folder}")]),
            network_mode: Some(if plan.host_network { "host" } else { "none" }.to_owned()),
            cap_drop: Some(vec!["ALL".to_owned()]),
            security_opt: Some(vec!["no-new-privileges".to_owned()]),
            readonly_rootfs: Some(true),
            log_config: Some(HostConfigLogConfig { typ: Some("json-file".to_owned()), config: Some(log) }),
            ..HostConfig::default()
        };
        let body = ContainerCreateBody {
            image: Some(image),
            cmd: Some(plan.arguments.clone()),
            user: Some(plan.user.clone()),
            host_config: Some(host),
            ..ContainerCreateBody::default()
        };
        let options = CreateContainerOptions { name: Some(plan.name.to_owned()), ..CreateContainerOptions::default() };
        let start = async {
            self.patient().create_container(Some(options), body).await?;
            self.patient().start_container(plan.name, None::<StartContainerOptions>).await
        };
        timeout(ANSWER, start).await.map_err(|_| call.late(ANSWER))?.map_err(|error| call.failed(&error))
    }

    /// The code with which a container ended; `None` while it runs. -1 where the engine does not say, or has none of that name.
    ///
    /// # Errors
    /// The engine's own.
    pub async fn container_end(&self, name: &str) -> Result<Option<i64>, EngineError> {
        let call = self.call(&format!("look at container `{name}`"));
        let docker = self.patient();
        let inspected = timeout(ANSWER, docker.inspect_container(name, None::<InspectContainerOptions>)).await;
        let inspected = match inspected.map_err(|_| call.late(ANSWER))?.map_err(|error| call.failed(&error)) {
            Err(EngineError::Refused { status: 404, .. }) => return Ok(Some(-1)),
            inspected => inspected?,
        };
        let Some(state) = inspected.state else { return Err(call.malformed("it does not tell the container's state")) };
        Ok(if state.running == Some(true) { None } else { Some(state.exit_code.unwrap_or(-1)) })
    }

    /// The last words of a container, made safe to show.
    pub async fn container_words(&self, name: &str) -> String {
        let options =
            LogsOptions { stdout: true, stderr: true, tail: TAIL.to_owned(), follow: false, ..LogsOptions::default() };
        let mut words = String::new();
        let read = async {
            let docker = self.patient();
            let mut output = docker.logs(name, Some(options));
            while let Some(Ok(LogOutput::StdOut { message } | LogOutput::StdErr { message })) = output.next().await {
                words.push_str(&clean_to(String::from_utf8_lossy(&message).trim_end(), SHOWN));
                words.push('\n');
            }
        };
        // Without them there is less to tell, and nothing is wrong.
        let _ = timeout(ANSWER, read).await;
        words
    }

    /// Asks a container to end, has it killed after `patience`, and removes it. What the engine did not stop is not removed.
    ///
    /// # Errors
    /// The engine's own.
    pub async fn remove_container(&self, name: &str, patience: Duration) -> Result<Removal, EngineError> {
        let call = self.call(&format!("stop container `{name}`"));
        let seconds = i32::try_from(patience.as_secs()).unwrap_or(i32::MAX);
        let limit = patience + ANSWER;
        let docker = self.patient();
        let began = Instant::now();
        let stop = async {
            let options = StopContainerOptions { t: Some(seconds), ..StopContainerOptions::default() };
            docker.stop_container(name, Some(options)).await?;
            let state = docker.inspect_container(name, None::<InspectContainerOptions>).await?.state;
            // By force it is killed however little it has written.
            let options = RemoveContainerOptions { force: false, ..RemoveContainerOptions::default() };
            docker.remove_container(name, Some(options)).await?;
            Ok(state.and_then(|state| state.exit_code))
        };
        match timeout(limit, stop).await.map_err(|_| call.late(limit))?.map_err(|error| call.failed(&error)) {
            Ok(Some(KILLED)) if began.elapsed() >= patience => Ok(Removal::Killed),
            Ok(_) => Ok(Removal::Ended),
            Err(EngineError::Refused { status: 404, .. }) => Ok(Removal::Absent),
            Err(error) => Err(error),
        }
    }
}
