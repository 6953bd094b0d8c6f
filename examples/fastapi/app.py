"""A streaming endpoint in Python. chat-stream sends it the conversation and shows what it yields."""

import asyncio

from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

app = FastAPI()


class Message(BaseModel):
    role: str
    content: str


class Request(BaseModel):
    messages: list[Message]


@app.post("/answer")
async def answer(request: Request):
    async def chunks():
        yield "You asked: "
        for word in request.messages[-1].content.split():
            yield word + " "
            await asyncio.sleep(0.03)

    return StreamingResponse(chunks(), media_type="text/plain")
