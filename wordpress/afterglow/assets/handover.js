/* Sends the form that hands the merchant over to the dashboard. */
document.getElementById( 'afterglow-handover' ).submit();
