"""Publishes a day's predictions with topshelf. Each way in which that can end is a task of its own in Airflow's grid."""

import json
import subprocess
from datetime import datetime, timedelta

from airflow.exceptions import AirflowFailException, AirflowSkipException
from airflow.sdk import dag, get_current_context, task

PLACEMENT = "home"
# The day's files, as whatever makes them writes them.
PREDICTIONS = "s3://my-bucket/predictions/{ds}/"
# What a worker starts topshelf with; its settings are in the worker's environment.
TOPSHELF = ["node", "/opt/topshelf/src/cli.ts"]

# Exit codes that are answers. The task that is named follows.
OUTCOMES = {0: "live", 2: "stopped_by_gate", 3: "held", 4: "not_everywhere"}
# The command line, the configuration or the data is wrong: the same again would end the same way.
FATAL = (64, 65)


@dag(
    schedule="15 3 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    # Two days at once would race: one of them ends with 3.
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=5), "retry_exponential_backoff": True},
    tags=["topshelf"],
)
def topshelf_publish():
    @task(execution_timeout=timedelta(hours=2))
    def publish() -> dict:
        """The outcome. Whatever else it ends with (1, 69) is tried again, and goes on where it was left."""
        context = get_current_context()
        command = [
            *TOPSHELF,
            "publish",
            PREDICTIONS.format(ds=context["ds"]),
            f"--placement={PLACEMENT}",
            # {{ run_id }}: a retry, or a run that is cleared, is the same run to topshelf too.
            f"--run-id={context['run_id']}",
            "--reason=daily batch",
            "--wait",
            "--replicas=dns:topshelf-replicas:9464",
            "--json",
        ]
        # Progress goes to the task's log; the result is one document of JSON.
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        print(done.stdout)
        if done.returncode in OUTCOMES:
            return {"outcome": OUTCOMES[done.returncode], "result": json.loads(done.stdout)}
        message = f"topshelf publish ended with {done.returncode}: {done.stdout.strip()}"
        raise AirflowFailException(message) if done.returncode in FATAL else RuntimeError(message)

    @task.branch
    def outcome(published: dict) -> str:
        return published["outcome"]

    @task
    def live():
        """What depends on fresh predictions follows here."""

    @task(retries=0)
    def stopped_by_gate(published: dict):
        """Customers keep yesterday's predictions. Somebody looks at the report: topshelf check VERSION."""
        raise AirflowFailException(json.dumps(published["result"]))

    @task(retries=0)
    def held(published: dict):
        """Somebody rolled back and has not released yet, or published by hand meanwhile. Not a failure of the batch."""
        raise AirflowSkipException(json.dumps(published["result"]))

    @task(retries=0)
    def not_everywhere(published: dict):
        """It is live. Replicas that lag are the shop's on-call's, not the batch's: the message names them."""
        raise AirflowFailException(json.dumps(published["result"]))

    published = publish()
    outcome(published) >> [live(), stopped_by_gate(published), held(published), not_everywhere(published)]


topshelf_publish()
