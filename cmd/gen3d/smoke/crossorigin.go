package smoke

import (
	"context"
	"fmt"
	"net/http"
)

const corsAdvice = "look at the CORS rules of the data bucket: aws s3api get-bucket-cors"

// allowPage expects the headers with which a browser lets the page upload to the
// bucket and show what is in it.
func allowPage(ctx context.Context, r *run) (string, error) {
	preflight, err := http.NewRequestWithContext(ctx, http.MethodOptions, r.first.Upload.URL, nil)
	if err != nil {
		return "", fmt.Errorf("creating a request: %w", err)
	}
	preflight.Header.Set("Origin", r.page)
	preflight.Header.Set("Access-Control-Request-Method", http.MethodPost)
	got, err := r.send(preflight)
	if err != nil {
		return "", err
	}
	if got.status != http.StatusOK || !allows(got, r.page) {
		return "", &mismatch{"S3 to allow a POST from " + r.page, allowance(got), corsAdvice}
	}
	link, err := r.photoLink(ctx)
	if err != nil {
		return "", err
	}
	if got, err = r.get(ctx, link, r.page); err != nil {
		return "", err
	}
	if got.status != http.StatusOK || !allows(got, r.page) {
		return "", &mismatch{"S3 to allow a GET of the photo from " + r.page, allowance(got), corsAdvice}
	}
	r.isReadable = true
	return "POST and GET from " + r.page, nil
}

// allows reports whether a page of the origin may read the answer.
func allows(a answer, origin string) bool {
	allowed := a.header.Get("Access-Control-Allow-Origin")
	return allowed == origin || allowed == "*"
}

func allowance(a answer) string {
	return fmt.Sprintf("status %d, Access-Control-Allow-Origin %q", a.status, a.header.Get("Access-Control-Allow-Origin"))
}
