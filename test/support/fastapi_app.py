"""The owner's side, as FastAPI's own documentation would have it written: every way to answer."""

import asyncio
import json

from fastapi import Body, FastAPI
from fastapi.responses import JSONResponse, StreamingResponse

app = FastAPI()

# Conversations whose caller left in the middle, as the generator's end tells it.
left: list = []


def words(body):
    """The question, echoed, in pieces that cut through nothing but spaces."""
    said = "You said: " + body["messages"][-1]["content"] + " 👋🏽"
    return [word + " " for word in said.split(" ")]


@app.post("/text")
async def text(body: dict = Body()):
    async def pieces():
        for word in words(body):
            # Bytes, cut in the middle of characters.
            data = word.encode()
            yield data[:1]
            await asyncio.sleep(0)
            yield data[1:]

    return StreamingResponse(pieces(), media_type="text/plain")


@app.post("/untyped")
async def untyped(body: dict = Body()):
    return StreamingResponse(iter(words(body)))


@app.post("/events")
async def events(body: dict = Body()):
    async def pieces():
        for word in words(body):
            yield f"data: {json.dumps({'text': word})}\n\n"
            await asyncio.sleep(0)
        yield "data: [DONE]\n\n"

    return StreamingResponse(pieces(), media_type="text/event-stream")


@app.post("/lines")
async def lines(body: dict = Body()):
    async def pieces():
        for word in words(body):
            yield json.dumps({"token": word}) + "\n"
        yield json.dumps({"usage": {"input": 3, "output": 4}}) + "\n"

    return StreamingResponse(pieces(), media_type="application/x-ndjson")


@app.post("/json")
async def whole(body: dict = Body()):
    return {
        "content": "".join(words(body)),
        "sources": [{"title": "Hello", "url": "/hello"}],
    }


@app.post("/slash/")
async def slash(body: dict = Body()):
    return {"text": "".join(words(body))}


@app.post("/endless")
async def endless(body: dict = Body()):
    async def pieces():
        try:
            while True:
                yield "again "
                await asyncio.sleep(0.01)
        finally:
            left.append(body["conversation"])

    return StreamingResponse(pieces(), media_type="text/plain")


@app.get("/left")
async def who_left():
    return left


@app.post("/breaks")
async def breaks(body: dict = Body()):
    async def pieces():
        yield "half an "
        await asyncio.sleep(0.2)
        raise RuntimeError("sk-canary-4f1d")

    return StreamingResponse(pieces(), media_type="text/plain")


@app.post("/fails")
async def fails(body: dict = Body()):
    return JSONResponse({"detail": "sk-canary-4f1d"}, status_code=500)
