package infra

import (
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"gen3d/handlers/api/route"
)

func TestRoutesNeedAccessTokensUnlessPublic(t *testing.T) {
	seen := mustDeploy(t, "dev", nil)
	var granted []string
	for _, r := range seen {
		if r.TypeToken == "aws:cognito/userPoolClient:UserPoolClient" {
			granted = texts(r.Inputs["allowedOauthScopes"])
		}
	}
	open, closed := []string{}, []string{}
	for _, r := range seen {
		if r.TypeToken != "aws:apigatewayv2/route:Route" {
			continue
		}
		key, scopes := r.Inputs["routeKey"].StringValue(), texts(r.Inputs["authorizationScopes"])
		switch kind := r.Inputs["authorizationType"].StringValue(); kind {
		case "NONE":
			open = append(open, key)
		case "JWT":
			closed = append(closed, key)
			// The page's tokens have the scopes that its client allows; an ID
			// token has none.
			if !slices.ContainsFunc(scopes, func(s string) bool { return slices.Contains(granted, s) }) {
				t.Errorf("%s needs one of the scopes %v; the page's tokens have %v", key, scopes, granted)
			}
			if !slices.Contains(scopes, "aws.cognito.signin.user.admin") {
				t.Errorf("%s needs one of the scopes %v, which tokens of gen3d token lack", key, scopes)
			}
		default:
			t.Errorf("%s has the authorization type %s", key, kind)
		}
	}
	wantOpen, wantClosed := []string{}, []string{}
	for _, r := range route.Gateway {
		if r.Public {
			wantOpen = append(wantOpen, r.Key())
		} else {
			wantClosed = append(wantClosed, r.Key())
		}
	}
	for _, keys := range [][]string{open, closed, wantOpen, wantClosed} {
		slices.Sort(keys)
	}
	if !slices.Equal(open, wantOpen) || !slices.Equal(closed, wantClosed) {
		t.Errorf("%v need a token, %v do not", closed, open)
	}
}

func texts(list resource.PropertyValue) []string {
	var all []string
	if list.IsArray() {
		for _, one := range list.ArrayValue() {
			all = append(all, one.StringValue())
		}
	}
	return all
}
