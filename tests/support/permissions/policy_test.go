package permissions_test

import (
	"fmt"
	"strings"
	"testing"

	"gen3d/tests/support/permissions"
	"gen3d/tests/support/s3test"
)

func parse(t *testing.T, statements ...string) *permissions.Policy {
	t.Helper()
	p, err := permissions.ParsePolicy("test", []byte(`{"Version":"2012-10-17","Statement":[`+strings.Join(statements, ",")+`]}`))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPolicyEvaluation(t *testing.T) {
	const (
		read = `{"Sid":"Read","Effect":"Allow","Action":["s3:GetObject","s3:Put*"],"Resource":["arn:aws:s3:::data/users/*/input/*","arn:aws:s3:::data/x?z"]}`
		list = `{"Sid":"List","Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::data","Condition":{"StringLike":{"s3:prefix":["users/*","pending/*"]}}}`
		mail = `{"Sid":"Mail","Effect":"Allow","Action":"ses:SendEmail","Resource":"arn:aws:ses:*:1:identity/*","Condition":{"StringEquals":{"ses:FromAddress":"a@b.c"}}}`
		deny = `{"Sid":"TLS","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::data/*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`
		page = `{"Sid":"Page","Effect":"Allow","Principal":{"Service":"cloudfront.amazonaws.com"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::data/public/*"}`
	)
	role, bucket := parse(t, read, list, mail), parse(t, deny, page)
	for _, c := range []struct {
		action, resource, context string // key=value
		want                      bool
	}{
		{"s3:GetObject", "arn:aws:s3:::data/users/u/input/a/b.jpg", "aws:securetransport=true", true},
		{"S3:getobject", "arn:aws:s3:::data/users/u/input/b.jpg", "", true}, // actions are case-insensitive
		{"s3:PutObject", "arn:aws:s3:::data/users/u/input/b.jpg", "", true},
		{"s3:GetObject", "arn:aws:s3:::data/xyz", "", true},
		{"s3:GetObject", "arn:aws:s3:::data/xz", "", false},
		{"s3:GetObject", "arn:aws:s3:::data/xyyz", "", false},
		{"s3:GetObject", "arn:aws:s3:::data/Users/u/input/b.jpg", "", false}, // keys are case-sensitive
		{"s3:GetObject", "arn:aws:s3:::data/users/u/output/b.jpg", "", false},
		{"s3:GetObject", "arn:aws:s3:::other/users/u/input/b.jpg", "", false},
		{"s3:GetObject", "arn:aws:s3:::data/public/index.html", "", false}, // granted to CloudFront only
		{"s3:GetObjectVersion", "arn:aws:s3:::data/users/u/input/b.jpg", "", false},
		{"s3:DeleteObject", "arn:aws:s3:::data/users/u/input/b.jpg", "", false},
		{"s3:GetObject", "arn:aws:s3:::data/users/u/input/b.jpg", "aws:securetransport=false", false},
		{"s3:ListBucket", "arn:aws:s3:::data", "s3:prefix=users/", true},
		{"s3:ListBucket", "arn:aws:s3:::data", "s3:prefix=pending/u/j", true},
		{"s3:ListBucket", "arn:aws:s3:::data", "s3:prefix=public/", false},
		{"s3:ListBucket", "arn:aws:s3:::data", "s3:prefix=", false},
		{"s3:ListBucket", "arn:aws:s3:::data", "", false}, // a missing condition key does not match
		{"ses:SendEmail", "arn:aws:ses:us-east-1:1:identity/a:b", "ses:fromaddress=a@b.c", true},
		{"ses:SendEmail", "arn:aws:ses:us-east-1:1:identity/a", "ses:fromaddress=A@b.c", false},
		{"ses:SendEmail", "arn:aws:ses:us-east-1:2:1:identity/a", "ses:fromaddress=a@b.c", false}, // * does not match a colon
	} {
		t.Run(fmt.Sprint(c.action, " ", c.resource, " ", c.context), func(t *testing.T) {
			context := map[string]string{}
			if key, value, ok := strings.Cut(c.context, "="); ok {
				context[key] = value
			}
			d := permissions.Evaluate(permissions.Request{Action: c.action, Resource: c.resource, Context: context}, role, bucket)
			if d.Allowed != c.want {
				t.Errorf("allowed is %t by %v; want %t", d.Allowed, d.Grants, c.want)
			}
			if denied := c.context == "aws:securetransport=false"; denied && (len(d.Grants) != 1 || d.Grants[0].Sid != "TLS") {
				t.Errorf("it was denied by %v; want the statement TLS", d.Grants)
			}
		})
	}
}

func TestKeyRequiresItsPolicy(t *testing.T) {
	const arn = "arn:aws:kms:us-east-1:1:key/k"
	role := parse(t, `{"Sid":"Use","Effect":"Allow","Action":"kms:Decrypt","Resource":"`+arn+`"}`)
	r := permissions.Request{Action: "kms:Decrypt", Resource: arn}
	account := parse(t, `{"Sid":"Account","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::1:root"},"Action":["kms:Decrypt"],"Resource":"*"}`)
	service := parse(t, `{"Sid":"Logs","Effect":"Allow","Principal":{"Service":"logs.amazonaws.com"},"Action":["kms:Decrypt"],"Resource":"*"}`)
	if !permissions.Evaluate(r, role, account).Allowed {
		t.Error("what the role and the key both allow is refused")
	}
	if permissions.Evaluate(r, role, service).Allowed || permissions.Evaluate(r, role).Allowed {
		t.Error("a key that does not let the account decide is used")
	}
}

func TestUnsupportedPolicyIsAnError(t *testing.T) {
	for name, c := range map[string]struct{ statement, says string }{
		"element":         {`{"Effect":"Allow","NotAction":"s3:*","Resource":"*"}`, "NotAction"},
		"operator":        {`{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"NumericLessThan":{"s3:prefix":"1"}}}`, "NumericLessThan"},
		"if exists":       {`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringLikeIfExists":{"s3:prefix":"1"}}}`, "StringLikeIfExists"},
		"negation":        {`{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringNotEquals":{"s3:prefix":"1"}}}`, "StringNotEquals"},
		"key":             {`{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"aws:SourceVpce":"v"}}}`, "aws:SourceVpce"},
		"variable":        {`{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:username}/*"}`, "variable"},
		"value":           {`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringLike":{"s3:prefix":"${aws:username}/*"}}}`, "variable"},
		"effect":          {`{"Effect":"allow","Action":"s3:*","Resource":"*"}`, "allow"},
		"no action":       {`{"Effect":"Allow","Resource":"*"}`, "no action"},
		"no resource":     {`{"Effect":"Allow","Action":"s3:*"}`, "no resource"},
		"kind":            {`{"Effect":"Deny","Action":"s3:*","Resource":"*","Principal":{"Federated":"f"}}`, "Federated"},
		"action's number": {`{"Effect":"Allow","Action":7,"Resource":"*"}`, "test"},
	} {
		_, err := permissions.ParsePolicy("test", []byte(`{"Version":"2012-10-17","Statement":[`+c.statement+`]}`))
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v; want an error about %q", name, err, c.says)
		}
	}
	for _, document := range []string{``, `{}`, `{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`, `{"Version":"2012-10-17","Statement":[]}`} {
		if _, err := permissions.ParsePolicy("test", []byte(document)); err == nil {
			t.Errorf("%q was taken for a policy", document)
		}
	}
}

func TestUnusedRightIsReported(t *testing.T) {
	fresh, err := permissions.Load(s3test.Path("."), permissions.Names{})
	if err != nil {
		t.Fatal(err)
	}
	s := fresh[0]
	put := permissions.Request{Action: "s3:PutObject", Resource: "arn:aws:s3:::" + s.Names.DataBucket + "/pending/u/j"}
	if err := s.Allow("extract", put); err != nil {
		t.Fatal(err)
	}
	logs := permissions.Reason{Role: "*", Sid: "WriteLog", Actions: []string{"logs:CreateLogStream", "logs:PutLogEvents"}, Why: "w"}
	idle := permissions.Reason{Role: "extract", Sid: "MarkPendingAndClaim", Actions: []string{"s3:PutObject"}, Why: "it is used, so this is idle"}
	all := strings.Join(permissions.Unused(fresh[:1], []string{"extract"}, []permissions.Reason{logs, idle}), "\n")
	for _, want := range []string{"extract: MarkPendingAndClaim: s3:DeleteObject", "AskTheModel", "prefix StringLike pending/*", "prefix StringLike users/*", "the reason for s3:PutObject in MarkPendingAndClaim"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not among what nothing uses:\n%s", want, all)
		}
	}
	for _, not := range []string{"extract: MarkPendingAndClaim: s3:PutObject", "WriteLog"} {
		if strings.Contains(all, not) {
			t.Errorf("%q is used, or has its reason:\n%s", not, all)
		}
	}
}
