import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from providers.base import Snapshot, TaskError
from providers.failures import FailureKind, failure_kind
from providers.parse import parse
from tests.providers.bodies import as_bytes

MODERATION, BALANCE, KEY = FailureKind.MODERATION, FailureKind.BALANCE, FailureKind.KEY
INPUT, EXPIRED, BUSY = FailureKind.INPUT, FailureKind.EXPIRED, FailureKind.BUSY
HERE = Path(__file__).parent
PAYLOADS = (HERE / "examples.jsonl", HERE / "golden" / "documented.jsonl", HERE / "golden" / "families.jsonl")

# What gateways have been seen to write, or document.
SAID: dict[FailureKind, list[str | tuple[str, str]]] = {
    MODERATION: [
        "content policy violation",
        ("blocked", "InputTextSensitiveContentDetected"),
        ("The request failed because the output video may contain sensitive information.", "OutputVideoSensitive"),
        ("The request failed because the input image may contain real person.", "400"),
        "The prompt was rejected by the provider's safety system",
        "NSFW content detected. Try running it again, or try a different prompt. (E1002)",
        "400: Input image is moderated",
        "Failure to pass the risk control system",
        "output new_sensitive",
        "CreationPolicyViolation",
        ("The prompt was rejected", "content_policy_violation"),
        ("Your request was blocked by our moderation system.", "moderation_blocked"),
        "Prompt contains inappropriate content",
        ("unsafe", "SAFETY.INPUT.TEXT"),
        "AuditSubmitIllegal",
        "The content could not be processed because it contained material flagged by a content checker.",
        "Your prompt was flagged as violating content policies",
        "This prompt contains words that violate Vertex AI's usage guidelines.",
        "Banned prompt detected",
        "PROHIBITED_CONTENT",
        "This content can't be generated: it is too similar to copyrighted material",
        "We can not create videos with the likeness of public figures",
        ("Input data may contain inappropriate content.", "DataInspectionFailed"),
        ("Generation failed, please try again later", "content_policy_violation"),
        "Unauthorized use of likeness",
        "输入内容包含敏感信息",
        "提示词违规，请修改后重试",
        "内容审核未通过",
        "图片未通过安全检测",
        "视频内容违反平台社区规范",
        "疑似真人人脸，禁止生成",
        "触发风控，生成失败",
        "涉及版权角色",
        "sensitive",
        "moderation",
        "input new_sensitive",
        ("blocked by moderation", "moderation_blocked"),
        ("The input image was rejected by the content filter", "422"),
    ],
    BALANCE: [
        "Insufficient credits",
        "Insufficient account balance, please top up",
        "You exceeded your current quota, please check your plan",
        ("upstream error", "insufficient_user_quota"),
        "Account in arrears (postpaid scenario)",
        "Your balance is not enough to run this task",
        "用户额度不足",
        "余额不足，请充值",
        "预扣费额度失败, 用户剩余额度: ＄0.01",
        "账户已欠费",
        "AccountOverdue: overdue balance",
    ],
    KEY: [
        "Incorrect API key provided: sk-…",
        ("channel error", "invalid_api_key"),
        "The API key has expired",
        "401 Unauthorized",
        "无效的令牌",
        "API Key已过期",
        "上游鉴权失败",
    ],
    INPUT: [
        "[Invalid parameter] Invalid value",
        "The image is not of a supported type.",
        "bad image",
        "The image could not be read",
        "Invalid image format, only JPEG and PNG are supported",
        "Failed to download image: 403 Forbidden",
        "failed to fetch input image: 401 Unauthorized",
        "Unable to download the reference video: timed out",
        "image size must be at least 300 px",
        "The prompt is too long",
        "duration must be 5 or 10",
        "Unsupported aspect ratio: 3:7",
        ("Bad request", "InvalidParameter"),
        ("generation failed", "INPUT_PREPROCESSING.INTERNAL"),
        ("generation failed", "ASSET.INVALID"),
        "No face detected in the image",
        "参数错误：duration",
        "图片尺寸过小",
        "不支持的分辨率",
        "提示词长度超过限制",
        "图片下载失败",
        "视频时长超出限制",
        "timeout parameter: invalid parameter",
    ],
    EXPIRED: ["Task has expired", "任务已过期"],
    BUSY: [
        "Generation failed, please try again later",
        ("Video generation failed", "internal_error"),
        ("An unexpected error occurred.", "INTERNAL.BAD_OUTPUT.CODE01"),
        "Internal Server Error",
        "Internal Error",
        "Model service overloaded. Please try again later.",
        "The service is currently unavailable",
        "upstream request timed out",
        "the video generation took too long",
        "504 Gateway Time-out",
        "Quota exceeded for requests per minute",
        "Rate limit reached; add a payment method in billing to increase it",
        "insufficient GPU resources",
        "任务超时（30分钟）",
        "请求上游地址失败",
        "当前分组上游负载已饱和，请稍后再试",
        "服务器内部错误",
        "系统繁忙",
        "Moderation service timed out",
        "内容审核服务超时，请稍后重试",
        "content filter is temporarily unavailable",
    ],
}

# Words that look like a kind and mean another, or none at all.
UNKNOWN: list[str | tuple[str, str]] = [
    "",
    "failed",
    "generation failed",
    ("generation failed", "400"),
    ("Generation failed", "501"),
    ("flagged", "400"),
    ("no", "500"),
    "upstream returned unrecognized message",
    "upstream says no",
    "rejected",
    "the prompt was rejected",
    "The model refused the prompt",
    "blocked",
    "IP address blocked by firewall",
    "prompt",
    "bad prompt",
    "input image rejected",
    "image",
    "file not found",
    "task not found",
    "moderate motion is expected",
    "header names are case-insensitive",
    "field names are case-sensitive",
    "blocked by CORS policy",
    "bucket policy denies access",
    "Content Security Policy directive",
    "unique constraint violated",
    "white balance is too low",
    "Moderation passed, but no frame was made",
    "inappropriate ioctl for device",
    "the load balancer gave up",
    "tokens: 512",
    "invalid response from upstream",
    "not enough keypoints",
    "credits: 12",
    "Copyright 2024 Example Ltd. 403",
    "the safety car is not in the picture",
    "a policy for retries",
    "视频生成错误",
    "生成失败",
    "任务失败",
    "图片生成失败",
    "审核通过，生成失败",
    "文件名大小写不敏感",
    "未知错误",
    ("task failed", "E1002"),
]


def error(said: str | tuple[str, str]) -> TaskError:
    return TaskError(said) if isinstance(said, str) else TaskError(*said)


@pytest.mark.parametrize(("kind", "said"), [(kind, said) for kind, many in SAID.items() for said in many])
def test_a_gateways_words_are_of_their_kind(kind: FailureKind, said: str | tuple[str, str]) -> None:
    assert failure_kind(error(said)) is kind


@pytest.mark.parametrize("said", UNKNOWN)
def test_what_says_nothing_certain_has_no_kind(said: str | tuple[str, str]) -> None:
    assert failure_kind(error(said)) is None


def failures_in_payloads() -> Iterator[TaskError]:
    for path in PAYLOADS:
        for case in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            body = case["body"].encode() if isinstance(case["body"], str) else as_bytes(case["body"])
            found = parse("video", case["http"], {}, body)
            if isinstance(found, Snapshot) and found.error:
                yield found.error


def test_every_failure_of_the_payloads_has_been_judged() -> None:
    judged = {error(said).message for said in [*UNKNOWN, *(said for many in SAID.values() for said in many)]}
    assert {failure.message for failure in failures_in_payloads()} <= judged


@pytest.mark.parametrize(
    "unit", ["violat ", "invalid ", "image ", "fail to fetch ", "aA", "内容", "quota is ", ". ", "-_"]
)
def test_no_message_costs_more_than_a_moment(unit: str) -> None:
    began = time.process_time()
    for _ in range(10):
        failure_kind(TaskError((unit * 500)[:500], (unit * 100)[:100]))
    assert time.process_time() - began < 0.5
