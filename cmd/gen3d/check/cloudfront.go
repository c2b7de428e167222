package check

import "context"

// cloudFront cannot ask whether AWS has verified the account for CloudFront:
// only creating a distribution tells ("Your account must be verified before you
// can add new CloudFront resources"). A stack that has a page was allowed to.
func cloudFront(_ context.Context, w *world) Finding {
	if outputs, err := w.outputs(); err == nil && outputs.WebsiteURL != "" {
		return ok("the stack has its distribution, %s", outputs.WebsiteURL)
	}
	return note("", "AWS does not tell in advance whether a new account may create distributions; "+
		"if make up ends with \"Your account must be verified\", open a case at https://console.aws.amazon.com/support/home#/case/create")
}
