package smoke

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"gen3d/handlers/api/route"
)

// noJob is an ID that no job has.
const noJob = "00000000000000000000000000"

// refuseNoToken calls every route that is not public without a token, and one
// with an invalid token.
func refuseNoToken(ctx context.Context, r *run) (string, error) {
	refused := 0
	for _, o := range route.Operations {
		if o.Public {
			continue
		}
		var body any
		if o == route.Create {
			body = r.coffee(".jpg").submission()
		}
		path := strings.TrimPrefix(o.For(noJob), "/api")
		got, err := r.call(ctx, nil, o.Method, path, body)
		if err != nil {
			return "", err
		}
		if got.status != http.StatusUnauthorized {
			return "", &mismatch{fmt.Sprintf("401 for %s %s without a token", o.Method, path), got.String(),
				"anybody can call the API: look at the authorizer of its routes"}
		}
		refused++
	}
	got, err := r.call(ctx, &user{token: "invalid"}, http.MethodGet, "/jobs", nil)
	if err != nil {
		return "", err
	}
	if got.status != http.StatusUnauthorized {
		return "", &mismatch{"401 for GET /jobs with an invalid token", got.String(), "look at the authorizer of the API's routes"}
	}
	return fmt.Sprintf("401 for %d routes, and for an invalid token", refused), nil
}

// refuseBadPhoto submits a box outside of the picture, and a text as a photo.
func refuseBadPhoto(ctx context.Context, r *run) (string, error) {
	if err := r.refuseBox(ctx); err != nil {
		return "", err
	}
	bad := photo{name: r.label + "-bad.jpg", contentType: "image/jpeg", data: []byte("This text is not a photo.")}
	submitted, err := r.create(ctx, bad)
	if err != nil {
		return "", err
	}
	if err := r.deliver(ctx, submitted, bad.data); err != nil {
		return "", err
	}
	v, err := r.finish(ctx, submitted.JobID)
	if err != nil {
		return "", err
	}
	reason := v.Error
	if reason == nil && len(v.Objects) == 1 {
		reason = v.Objects[0].Error
	}
	if v.State != "failed" || reason == nil || reason.Code == "" || !inWords(reason.Message) {
		return "", &mismatch{"job " + v.JobID + " of a text to fail with a reason in words", v.String(), r.place.look("extract")}
	}
	return reason.Code + ": " + reason.Message, nil
}

func (r *run) refuseBox(ctx context.Context) error {
	outside := r.coffee("-outside.jpg")
	got, err := r.call(ctx, r.a, http.MethodPost, "/jobs", outside.submission(part{"", []int{500, 300, 700, 500}}))
	if err != nil {
		return err
	}
	var said problem
	if json.Unmarshal(got.body, &said) == nil && got.status == http.StatusUnprocessableEntity && said.Code != "" && inWords(said.Detail) {
		return nil
	}
	var accepted created
	if json.Unmarshal(got.body, &accepted) == nil && accepted.JobID != "" {
		r.jobs = append(r.jobs, &made{id: accepted.JobID, name: outside.name})
	}
	return &mismatch{"422 in words for a box outside of the picture", got.String(), r.place.look("api")}
}

// inWords reports whether a text is more than a code.
func inWords(text string) bool { return len(strings.Fields(text)) >= 3 }

// refuseAnotherUser reads, lists, deletes and downloads user A's job as user B,
// and downloads without the signature of a link.
func refuseAnotherUser(ctx context.Context, r *run) (string, error) {
	id := r.first.JobID
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		got, err := r.call(ctx, r.b, method, "/jobs/"+id, nil)
		if err != nil {
			return "", err
		}
		if got.status != http.StatusNotFound || strings.Contains(string(got.body), "X-Amz-Signature") {
			return "", &mismatch{fmt.Sprintf("404 for %s of user A's job by user B", method), fmt.Sprintf("status %d", got.status),
				"users can reach each other's jobs: stop the service and look at the API's access by the token's sub"}
		}
	}
	found, err := r.list(ctx, r.b, func(l line) bool { return l.JobID == id })
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		return "", &mismatch{"user B's list without user A's job", "it has job " + id,
			"users see each other's jobs: stop the service and look at the API's access by the token's sub"}
	}
	link, err := r.photoLink(ctx)
	if err != nil {
		return "", err
	}
	unsigned, _, _ := strings.Cut(link, "?")
	got, err := r.get(ctx, unsigned, "")
	if err != nil {
		return "", err
	}
	if got.status != http.StatusForbidden {
		return "", &mismatch{"403 for the photo's link without its signature", fmt.Sprintf("status %d", got.status),
			"the data bucket is public: look at its policy and its block of public access"}
	}
	return "404 to read and delete, absent from the list, no file without a signed link", nil
}
