/**
 * Reports to web-test-runner's user, engine by engine, how many tests passed and failed. An engine that ran no
 * test is reported as failed, with the reason.
 */
import type { TestSession, TestSuiteResult } from "@web/test-runner-core";

type Sessions = { sessions: Iterable<TestSession> };
type Report = { passed: number; failed: number; reason?: string | undefined };

export const engineReporter = () => ({
	onTestRunFinished({ sessions }: Sessions) {
		for (const [name, report] of reportsOf(sessions))
			console.log(linesOf(name, report).join("\n"));
	},
});

function linesOf(name: string, { passed, failed, reason }: Report): string[] {
	const lines = [`${name}: ${passed} passed, ${failed} failed`];
	if (passed === 0 && reason) lines.push(`${name} did not run: ${reason}`);
	return lines;
}

function reportsOf(sessions: Iterable<TestSession>): Map<string, Report> {
	const reports = new Map<string, Report>();
	for (const { browser, testResults, passed, errors } of sessions) {
		const report = reports.get(browser.name) ?? { passed: 0, failed: 0 };
		reports.set(browser.name, report);
		const before = report.failed;
		if (testResults) addCounts(report, testResults);
		// A file that cannot load, or whose browser does not start, has no test that could fail.
		if (!passed && report.failed === before) report.failed++;
		const [line] = (errors[0]?.message ?? "").split(" RemoteError@");
		report.reason ??= line;
	}
	for (const report of reports.values())
		if (report.passed + report.failed === 0) {
			report.failed = 1;
			report.reason = "no file has a test.";
		}
	return reports;
}

function addCounts(report: Report, { tests, suites }: TestSuiteResult) {
	for (const { passed, skipped } of tests) {
		if (skipped) continue;
		if (passed) report.passed++;
		else report.failed++;
	}
	for (const suite of suites) addCounts(report, suite);
}
