"""The guide about Zapier, Make and n8n: its requests, and the workflow for n8n, sent to the product."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx
import pytest
from anyio import run_process

from conftest import PUBLIC_URL, ROOT, NewClient
from kit.clock import utc_now
from support.api_helpers import with_csrf
from support.browser.guide import EXAMPLE, runs
from support.callback_client import CallbackClient, new_sid
from support.factories import Tenant, Token
from support.waiting import wait_until
from support.webhook_receiver import WebhookReceiver

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
GUIDE = "/docs/zapier-make-n8n"
RUNNER = ROOT / "frontend/tests/guides/run-n8n-node.mjs"
KEY = "epk_YOUR_API_KEY"
Items = list[dict[str, Any]]
PlaceCall = Callable[[], Awaitable[str]]


@pytest.fixture
async def key(owner: httpx.AsyncClient, tenant: Tenant) -> str:
    """An API key that may write."""
    client = await with_csrf(owner)
    answer = await client.post(
        f"/api/organizations/{tenant.organization.id}/api-keys", json={"label": "n8n", "scope": "write"}
    )
    raw: str = answer.json()["key"]
    return raw


@pytest.fixture
def place_call(callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, token: Token) -> PlaceCall:
    """Places a call that ends, and returns its id."""

    async def place() -> str:
        sid, child = new_sid(), new_sid()
        await callbacks.outgoing(token.id, sid)
        await callbacks.event(sid, "in-progress", utc_now(), child=child, sequence=2)
        await callbacks.event(sid, "completed", utc_now(), child=child, sequence=3, CallDuration="6")
        [call] = (await owner.get(f"/api/organizations/{tenant.organization.id}/calls")).json()["items"]
        assert call["status"] == "completed"
        call_id: str = call["id"]
        return call_id

    return place


@pytest.fixture
def program(new_client: NewClient) -> httpx.AsyncClient:
    """A program without a session."""
    return new_client()


class Recipes:
    """The requests on the page, with a customer's values."""

    def __init__(self, page: str, values: Mapping[str, str]) -> None:
        self.requests = dict(EXAMPLE.findall(page))
        self.values = dict(values)
        self.sent: set[str] = set()

    async def send(self, client: httpx.AsyncClient, name: str) -> httpx.Response:
        """Send the request ``name`` as it is on the page."""
        self.sent.add(name)
        text = self.requests[name]
        for placeholder, value in self.values.items():
            text = text.replace(placeholder, value)
        head, _, body = text.partition("\n\n")
        first, *lines = head.splitlines()
        method, url = first.split(" ")
        assert not re.search(r"[A-Z]+_[A-Z]+|YOUR", text), f"a placeholder is left in {text}"
        headers = dict(line.split(": ", 1) for line in lines)
        assert ("content-type" in {name.lower() for name in headers}) == bool(body)
        return await client.request(method, url, headers=headers, content=body.strip() or None)


@runs(
    "Find the organization's id",
    "Add a webhook",
    "Send a test event",
    "Read a call",
    "Fetch new events",
    "Write a note into a call",
    "Remove a webhook",
)
async def test_each_request_of_the_page_does_what_the_page_says(
    program: httpx.AsyncClient,
    key: str,
    tenant: Tenant,
    place_call: PlaceCall,
    receiver: WebhookReceiver,
) -> None:
    page = (await program.get(f"{GUIDE}/llm.md")).text
    call_id = await place_call()
    recipes = Recipes(page, {KEY: key, "https://YOUR_HOOK_ADDRESS": receiver.url, "LAST_SEQUENCE": "0"})

    [organization] = (await recipes.send(program, "Find the organization's id")).json()["items"]
    assert organization["id"] == str(tenant.organization.id)
    recipes.values |= {"ORGANIZATION_ID": organization["id"], "CALL_ID": call_id}

    added = await recipes.send(program, "Add a webhook")
    assert (added.status_code, added.json()["events"]) == (201, ["call.ended", "call.missed"])
    recipes.values["WEBHOOK_ID"] = added.json()["id"]
    assert (await recipes.send(program, "Send a test event")).status_code == 202
    await receiver.wait_for(1)

    written = await recipes.send(program, "Write a note into a call")
    assert written.status_code == 200, written.text
    call = (await recipes.send(program, "Read a call")).json()
    assert (call["id"], call["note"], call["tags"]) == (call_id, "Asked for a quote by mail.", ["quote"])

    pages: list[dict[str, Any]] = []

    async def has_ended() -> bool:
        pages.append((await recipes.send(program, "Fetch new events")).json())
        return "call.ended" in {event["type"] for event in pages[-1]["items"]}

    await wait_until(has_ended, pause=0.05)
    recipes.values["LAST_SEQUENCE"] = str(pages[-1]["next_cursor"])
    later = (await recipes.send(program, "Fetch new events")).json()["items"]
    assert not {event["id"] for event in later} & {event["id"] for event in pages[-1]["items"]}

    assert (await recipes.send(program, "Remove a webhook")).status_code == 204
    assert recipes.sent == set(recipes.requests)


class Workflow:
    """The workflow as n8n runs it; its HTTP requests go to the product with the key."""

    def __init__(self, source: str, client: httpx.AsyncClient, key: str) -> None:
        parsed = json.loads(source)
        self.nodes = {node["name"]: node for node in parsed["nodes"]}
        self.connections = parsed["connections"]
        self.state: dict[str, Any] = {}
        self._client = client
        self._key = key

    async def run(self, trigger: str, items: Items) -> Mapping[str, Items]:
        """The items that each node put out, from the trigger's ``items`` on."""
        outputs = {trigger: items}
        name = trigger
        while targets := self.connections.get(name, {"main": [[]]})["main"][0]:
            [target] = targets
            outputs[target["node"]] = await self._run_node(target["node"], outputs[name], outputs)
            name = target["node"]
        return outputs

    async def _run_node(self, name: str, items: Items, outputs: Mapping[str, Items]) -> Items:
        if not items:  # n8n runs no node without items
            return []
        node = self.nodes[name]
        given = {"node": node, "items": items, "outputs": outputs, "state": self.state}
        ran = await run_process(["node", str(RUNNER)], input=json.dumps(given).encode())
        result = json.loads(ran.stdout)
        self.state = result["state"]
        found: Items = result["items"]
        if node["type"] != "n8n-nodes-base.httpRequest":
            return found
        return [{"json": await self._send(item["json"])} for item in found]

    async def _send(self, request: Mapping[str, Any]) -> Any:
        answer = await self._client.request(
            request["method"],
            request["url"],
            params=request["query"] or None,
            json=request["body"],
            headers={"Authorization": f"Bearer {self._key}"},
        )
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
async def workflow(program: httpx.AsyncClient, key: str, tenant: Tenant) -> Workflow:
    """The workflow that the product serves, with the organization's id."""
    answer = await program.get(f"{GUIDE}/n8n-workflow.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert "attachment" in answer.headers["content-disposition"]
    return Workflow(answer.text.replace("ORGANIZATION_ID", str(tenant.organization.id)), program, key)


async def test_the_workflow_fetches_each_ended_call_once(workflow: Workflow, place_call: PlaceCall) -> None:
    call_id = await place_call()
    ended: list[str] = []

    async def run() -> bool:
        outputs = await workflow.run("Every minute", [{"json": {}}])
        ended.extend(item["json"]["data"]["id"] for item in outputs.get("Your steps", []))
        return bool(ended)

    await wait_until(run, pause=0.05)
    after = workflow.state["after"]
    assert isinstance(after, int)
    assert await run()
    assert ended == [call_id]
    assert workflow.state["after"] >= after


async def test_the_workflow_reads_and_tags_the_call_of_a_delivery(
    workflow: Workflow,
    program: httpx.AsyncClient,
    key: str,
    tenant: Tenant,
    place_call: PlaceCall,
    receiver: WebhookReceiver,
) -> None:
    page = (await program.get(f"{GUIDE}/llm.md")).text
    values = {KEY: key, "https://YOUR_HOOK_ADDRESS": receiver.url, "ORGANIZATION_ID": str(tenant.organization.id)}
    await Recipes(page, values).send(program, "Add a webhook")
    call_id = await place_call()
    delivery, *_ = await receiver.wait_for(1)
    arrived = [{"json": {"headers": delivery.headers, "params": {}, "query": {}, "body": delivery.event}}]
    outputs = await workflow.run("Event arrives", arrived)
    assert [item["json"]["id"] for item in outputs["Read the call"]] == [call_id]
    assert [item["json"]["tags"] for item in outputs["Tag the call"]] == [["n8n"]]
    # An event of another type writes nothing, or the workflow would start itself.
    arrived[0]["json"]["body"] = {**delivery.event, "type": "call.updated"}
    assert (await workflow.run("Event arrives", arrived))["Tag the call"] == []


async def test_the_workflow_is_whole(workflow: Workflow) -> None:
    reached = {target["node"] for each in workflow.connections.values() for target in each["main"][0]}
    assert reached | {"Every minute", "Event arrives"} == set(workflow.nodes)
    assert set(workflow.connections) | {"Your steps", "Tag the call"} == set(workflow.nodes)
    assert len({node["id"] for node in workflow.nodes.values()}) == len(workflow.nodes)
    for node in workflow.nodes.values():
        url = node["parameters"].get("url", f"={PUBLIC_URL}/")
        assert url.startswith(f"={PUBLIC_URL}/")
