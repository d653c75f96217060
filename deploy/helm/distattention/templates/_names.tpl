{{/* What everything is called: the release, which need not repeat the chart's name. */}}
{{- define "distattention.name" -}}
{{- if contains "distattention" .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-distattention" .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Labels that select; they never change. Takes a dict of root and component. */}}
{{- define "distattention.selector" -}}
app.kubernetes.io/name: distattention
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "distattention.labels" -}}
{{ include "distattention.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "distattention.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (include "distattention.name" .) -}}
{{- end -}}

{{- define "distattention.claim" -}}
{{- .Values.storage.sharedVolume.existingClaim | default (printf "%s-storage" (include "distattention.name" .)) -}}
{{- end -}}
