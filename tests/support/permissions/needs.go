package permissions

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/mail"
	"strings"
)

// Needs are the rights that an HTTP request to AWS requires.
type Needs struct {
	// Service is the service in the scope of the request's signature.
	Service  string
	Requests []Request
	// Missing is required in addition for the answer that something does
	// not exist. Without it S3 answers 403 and not 404, so as not to
	// disclose which keys exist:
	// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
	Missing []Request
}

func (n *Needs) add(r Request) { n.Requests = append(n.Requests, r) }

// always returns the condition key that every request has: the SDKs use TLS.
func always() map[string]string { return map[string]string{"aws:securetransport": "true"} }

func (n *Needs) object(s *Stack, action, bucket, key string) {
	n.add(Request{Action: action, Resource: s.bucketARN(bucket) + "/" + key, Context: always()})
}

// key adds the right for the stack's key if the bucket is encrypted with it.
func (n *Needs) key(s *Stack, action, bucket string) {
	if s.Names.Key != "" && (bucket == s.Names.DataBucket || bucket == s.Names.ModelBucket) {
		n.add(Request{Action: action, Resource: s.keyARN(), Context: always()})
	}
}

// ifMissing adds the right to learn that a key does not exist. S3 evaluates it
// with the key as the prefix: a right to list under a condition on s3:prefix
// suffices for keys below that prefix. (AWS does not document it. Ceph
// determined it by measurement: https://github.com/ceph/ceph/pull/68577 and
// https://github.com/ceph/s3-tests/pull/741.)
func (n *Needs) ifMissing(s *Stack, bucket, key string) {
	context := always()
	context["s3:prefix"] = key
	n.Missing = append(n.Missing, Request{Action: "s3:ListBucket", Resource: s.bucketARN(bucket), Context: context})
}

// Publish returns the rights that a message to a topic requires, for messages
// without an HTTP request. Topics are encrypted with the stack's key if it has
// one: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
func (s *Stack) Publish(topic string) []Request {
	n := &Needs{}
	n.add(Request{Action: "sns:Publish", Resource: s.arn("sns", s.here(topic)), Context: always()})
	if s.Names.Key != "" {
		for _, action := range []string{"kms:GenerateDataKey", "kms:Decrypt"} {
			n.add(Request{Action: action, Resource: s.keyARN(), Context: always()})
		}
	}
	return n.Requests
}

func (s *Stack) arn(service, resource string) string {
	return strings.Join([]string{"arn", s.Names.Partition, service, s.Names.Region, s.Names.Account, resource}, ":")
}

func (s *Stack) bucketARN(name string) string { return "arn:" + s.Names.Partition + ":s3:::" + name }
func (s *Stack) keyARN() string               { return s.arn("kms", "key/"+s.Names.Key) }

// here returns the stack's name of a resource that has another name in the
// tests.
func (s *Stack) here(name string) string {
	if deployed, ok := s.deployed[name]; ok {
		return deployed
	}
	return name
}

// Needs returns the rights that a signed request to AWS requires in this stack.
// It returns an error for a request that it does not know. body returns the
// request's content.
func (s *Stack) Needs(r *http.Request, body func() ([]byte, error)) (*Needs, error) {
	service, err := signedFor(r, body)
	if err != nil {
		return nil, err
	}
	var n *Needs
	switch service {
	case "s3":
		n, err = s.s3(r, body)
	case "sagemaker":
		n, err = s.sagemaker(r, body)
	case "ses":
		n, err = s.ses(r, body)
	case "cognito-idp":
		n, err = s.cognito(r, body)
	default:
		err = fmt.Errorf("requests to %s are not supported here", service)
	}
	if err != nil {
		return nil, err
	}
	n.Service = service
	for i := range n.Requests {
		if n.Requests[i].Context == nil {
			n.Requests[i].Context = map[string]string{}
		}
		for key, value := range always() {
			n.Requests[i].Context[key] = value
		}
	}
	return n, nil
}

// signedFor returns the service in the scope of a request's credential, which
// is in a header, a presigned URL or a presigned form.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
func signedFor(r *http.Request, body func() ([]byte, error)) (string, error) {
	credential := r.URL.Query().Get("X-Amz-Credential")
	if _, rest, ok := strings.Cut(r.Header.Get("Authorization"), "Credential="); ok {
		credential, _, _ = strings.Cut(rest, ",")
	}
	if credential == "" && r.Method == http.MethodPost && isForm(r) {
		data, err := body()
		if err != nil {
			return "", err
		}
		fields, err := formFields(r, data)
		if err != nil {
			return "", err
		}
		credential = fields["x-amz-credential"]
	}
	// key / date / region / service / aws4_request
	scope := strings.Split(credential, "/")
	if len(scope) != 5 {
		return "", fmt.Errorf("%s %s is not signed", r.Method, r.URL.Path)
	}
	return scope[3], nil
}

// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
func (s *Stack) sagemaker(r *http.Request, body func() ([]byte, error)) (*Needs, error) {
	if operation, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "SageMaker."); ok {
		return s.sagemakerControl(operation, body)
	}
	name, operation, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/endpoints/"), "/")
	if r.Method != http.MethodPost || operation != "async-invocations" {
		return nil, fmt.Errorf("the request %s %s to SageMaker is not supported here", r.Method, r.URL.Path)
	}
	// ARNs contain an endpoint's name in lowercase.
	on := s.arn("sagemaker", "endpoint/"+strings.ToLower(s.here(name)))
	return &Needs{Requests: []Request{{Action: "sagemaker:InvokeEndpointAsync", Resource: on}}}, nil
}

// sagemakerControl returns the right that an operation on an endpoint requires.
func (s *Stack) sagemakerControl(operation string, body func() ([]byte, error)) (*Needs, error) {
	if operation != "DescribeEndpoint" && operation != "UpdateEndpointWeightsAndCapacities" {
		return nil, fmt.Errorf("the operation %q of SageMaker is not supported here", operation)
	}
	data, err := body()
	if err != nil {
		return nil, err
	}
	var on struct{ EndpointName string }
	if err := json.Unmarshal(data, &on); err != nil {
		return nil, fmt.Errorf("reading a request to SageMaker: %w", err)
	}
	return &Needs{Requests: []Request{{Action: "sagemaker:" + operation, Resource: s.arn("sagemaker", "endpoint/"+strings.ToLower(s.here(on.EndpointName)))}}}, nil
}

// ses returns the two rights that a raw message requires: ses:SendEmail, which
// AWS documents for the operation, and ses:SendRawEmail, which its refusals
// name (https://github.com/anymail/django-anymail/issues/384). Both are checked
// for the sender's identity, the configuration set and, in the SES sandbox, the
// recipients' identities.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsimpleemailservicev2.html
// https://docs.aws.amazon.com/ses/latest/dg/control-user-access.html
func (s *Stack) ses(r *http.Request, body func() ([]byte, error)) (*Needs, error) {
	if r.Method != http.MethodPost || r.URL.Path != "/v2/email/outbound-emails" {
		return nil, fmt.Errorf("the request %s %s to SES is not supported here", r.Method, r.URL.Path)
	}
	data, err := body()
	if err != nil {
		return nil, err
	}
	var sent struct {
		FromEmailAddress, ConfigurationSetName string
		Destination                            struct{ ToAddresses, CcAddresses, BccAddresses []string }
		Content                                struct{ Raw, Simple, Template json.RawMessage }
	}
	if err := json.Unmarshal(data, &sent); err != nil {
		return nil, fmt.Errorf("reading a mail: %w", err)
	}
	from, err := mail.ParseAddress(sent.FromEmailAddress)
	if err != nil || sent.Content.Raw == nil || sent.Content.Simple != nil || sent.Content.Template != nil {
		return nil, fmt.Errorf("a mail from %q that is not given raw is not supported here (%w)", sent.FromEmailAddress, err)
	}
	identities := []string{"identity/" + s.Names.EmailIdentity}
	for _, address := range append(append(sent.Destination.ToAddresses, sent.Destination.CcAddresses...), sent.Destination.BccAddresses...) {
		identities = append(identities, "identity/"+address)
	}
	if sent.ConfigurationSetName != "" {
		identities = append(identities, "configuration-set/"+s.here(sent.ConfigurationSetName))
	}
	n := &Needs{}
	for _, on := range identities {
		for _, action := range []string{"ses:SendEmail", "ses:SendRawEmail"} {
			n.add(Request{Action: action, Resource: s.arn("ses", on), Context: map[string]string{"ses:fromaddress": from.Address}})
		}
	}
	return n, nil
}

// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncognitouserpools.html
func (s *Stack) cognito(r *http.Request, body func() ([]byte, error)) (*Needs, error) {
	operation, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "AWSCognitoIdentityProviderService.")
	if !ok || !strings.HasPrefix(operation, "Admin") && operation != "ListUsers" {
		return nil, fmt.Errorf("the operation %q of Cognito is not supported here", r.Header.Get("X-Amz-Target"))
	}
	data, err := body()
	if err != nil {
		return nil, err
	}
	var pool struct {
		UserPoolID string `json:"UserPoolId"`
	}
	if err := json.Unmarshal(data, &pool); err != nil {
		return nil, fmt.Errorf("reading a request to Cognito: %w", err)
	}
	return &Needs{Requests: []Request{{Action: "cognito-idp:" + operation, Resource: s.arn("cognito-idp", "userpool/"+s.here(pool.UserPoolID))}}}, nil
}
