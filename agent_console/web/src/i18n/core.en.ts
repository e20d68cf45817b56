// English texts of the core.
export default {
  accused: { label: 'Complaint is about', placeholder: 'Name of a union, or name or number of somebody of the hotline', remove: 'Remove {name}', person: 'Hotline' },
}
