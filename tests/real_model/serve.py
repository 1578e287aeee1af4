"""Serves a GGUF model on loopback with the OpenAI wire: chat completions with JSON-schema output and tool calls.

llama-cpp-python's own server refuses OpenAI's `json_schema`. Here a grammar holds the model to it: the answer is an
object of the schema or, where tools are offered too, a call of one of them. It runs in the model's own environment
(see `prepare.sh`), not in the product's.
"""

import argparse
import json
import re
import threading
import time
import uuid
from typing import Any

import uvicorn
from fastapi import FastAPI, HTTPException, Request
from llama_cpp import Llama, LlamaGrammar

TOOLS = """

# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{signatures}
</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{{"name": <function-name>, "arguments": <args-json-object>}}
</tool_call>"""
CALL = re.compile(r"<tool_call>\s*(\{.*?\})\s*</tool_call>", re.DOTALL)
BARE_CALL = re.compile(r'^\s*(?:```json\s*)?(\{\s*"name".*\})\s*(?:```)?\s*$', re.DOTALL)


def prompt_of(messages: list[dict[str, Any]], tools: list[dict[str, Any]]) -> str:
    """The conversation in Qwen's chat template."""
    system = "\n".join(text_of(m) for m in messages if m["role"] in ("system", "developer"))
    if tools:
        system += TOOLS.format(signatures="\n".join(json.dumps(tool, ensure_ascii=False) for tool in tools))
    written = [f"<|im_start|>system\n{system}<|im_end|>\n"]
    for message in messages:
        if message["role"] == "tool":
            said = f"<tool_response>\n{text_of(message)}\n</tool_response>"
            written.append(f"<|im_start|>user\n{said}<|im_end|>\n")
        elif message["role"] == "assistant":
            calls = [
                {"name": c["function"]["name"], "arguments": json.loads(c["function"]["arguments"] or "{}")}
                for c in message.get("tool_calls") or []
            ]
            said = text_of(message) + "".join(f"\n<tool_call>\n{json.dumps(c)}\n</tool_call>" for c in calls)
            written.append(f"<|im_start|>assistant\n{said}<|im_end|>\n")
        elif message["role"] == "user":
            written.append(f"<|im_start|>user\n{text_of(message)}<|im_end|>\n")
    return "".join(written) + "<|im_start|>assistant\n"


def text_of(message: dict[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, list):
        content = "".join(block.get("text", "") for block in content)
    # Nothing that a message brings along may open or close a turn.
    return re.sub(r"<\|(im_start|im_end|endoftext)\|>", r"<\1>", content)


def grammar_of(body: dict[str, Any]) -> LlamaGrammar | None:
    """What the answer is held to: the schema of `response_format`, or a call of a tool, as far as either is asked for."""
    asked = body.get("response_format") or {}
    choices: list[dict[str, Any]] = []
    definitions: dict[str, Any] = {}
    if asked.get("type") == "json_schema":
        schema = dict(asked["json_schema"]["schema"])
        definitions = schema.pop("$defs", {})
        choices.append(schema)
    forced = body.get("tool_choice") not in (None, "auto", "none")
    if not choices and not forced:
        return None
    for tool in body.get("tools") or []:
        function = tool["function"]
        parameters = dict(function.get("parameters") or {"type": "object", "properties": {}})
        definitions |= parameters.pop("$defs", {})
        call = {"name": {"const": function["name"]}, "arguments": parameters}
        choices.append({"type": "object", "properties": call, "required": ["name", "arguments"]})
    whole = choices[0] if len(choices) == 1 else {"anyOf": choices}
    return LlamaGrammar.from_json_schema(json.dumps({**whole, "$defs": definitions}), verbose=False)


def answer_of(text: str, body: dict[str, Any]) -> dict[str, Any]:
    """The assistant's message: text, or the tool calls that the text holds."""
    names = {tool["function"]["name"] for tool in body.get("tools") or []}
    found = CALL.findall(text) or BARE_CALL.findall(text)
    calls = []
    for written in found:
        try:
            call = json.loads(written)
        except ValueError:
            continue
        if isinstance(call, dict) and call.get("name") in names:
            function = {"name": call["name"], "arguments": json.dumps(call.get("arguments") or {})}
            calls.append({"id": f"call_{uuid.uuid4().hex[:12]}", "type": "function", "function": function})
    if calls:
        return {"role": "assistant", "content": None, "tool_calls": calls}
    return {"role": "assistant", "content": text}


def create_app(llm: Llama, name: str) -> FastAPI:
    app = FastAPI()
    turn = threading.Lock()

    @app.get("/v1/models")
    def models() -> dict[str, Any]:
        return {"object": "list", "data": [{"id": name, "object": "model"}]}

    @app.post("/v1/chat/completions")
    async def chat(request: Request) -> dict[str, Any]:
        from fastapi.concurrency import run_in_threadpool

        return await run_in_threadpool(complete, await request.json())

    def complete(body: dict[str, Any]) -> dict[str, Any]:
        prompt = prompt_of(body["messages"], body.get("tools") or [])
        most = body.get("max_completion_tokens") or body.get("max_tokens") or 512
        with turn:
            used = len(llm.tokenize(prompt.encode(), special=True))
            if used + most > llm.n_ctx():
                raise HTTPException(400, f"{used} tokens and {most} to come are more than {llm.n_ctx()}.")
            done = llm.create_completion(
                prompt, max_tokens=most, temperature=body.get("temperature") or 0.0, grammar=grammar_of(body),
                stop=["<|im_end|>", "<|im_start|>"],
            )  # fmt: skip
        choice = done["choices"][0]
        message = answer_of(choice["text"].strip(), body)
        reason = "tool_calls" if message.get("tool_calls") else choice["finish_reason"]
        return {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": name,
            "choices": [{"index": 0, "message": message, "finish_reason": reason, "logprobs": None}],
            "usage": done["usage"],
        }

    return app


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--port", type=int, default=8091)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--context", type=int, default=8192)
    given = parser.parse_args()
    model = Llama(
        given.model, n_ctx=given.context, n_threads=given.threads, n_threads_batch=given.threads, verbose=False
    )
    uvicorn.run(
        create_app(model, "qwen2.5-coder-1.5b-instruct"), host="127.0.0.1", port=given.port, log_level="warning"
    )
