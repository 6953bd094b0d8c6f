/** The words of mocha that browser tests use; web-test-runner brings them as globals. */
/** The running test: it may skip itself, or be granted more time. */
interface RunningTest {
	skip(): never;
	timeout(ms: number): void;
}
type Step = (this: RunningTest) => unknown;

declare function describe(name: string, body: () => void): void;
declare function it(name: string, body: Step): void;
declare function before(body: Step): void;
declare function after(body: Step): void;
declare function beforeEach(body: Step): void;
declare function afterEach(body: Step): void;
