//go:build tools

// Package tools keeps kube-apiserver among the requirements of this module.
package tools

import _ "k8s.io/kubernetes/cmd/kube-apiserver"
